/**
 * @file The `distillery` command as a process, to be waited for and killed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findOnPath } from '../../setup/command.js';
import { packageRoot } from '../../setup/package-root.js';

const script = join(packageRoot(), 'bin', 'distillery.mjs');
/** The kernel ends it with us where it can: tests may be killed as well. */
const setpriv = process.platform === 'linux' ? findOnPath(['setpriv']) : undefined;

export class CommandProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #stdout = '';
  #stderr = '';

  /** @param environment all of it; nothing of ours is passed on */
  constructor(words: readonly string[], environment: NodeJS.ProcessEnv) {
    const command = [process.execPath, script, ...words];
    if (setpriv !== undefined) command.unshift(setpriv, '--pdeathsig', 'KILL');
    const [file = '', ...args] = command;
    this.#child = spawn(file, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#ended = once(this.#child, 'close');
    this.#child.stdout?.on('data', (text: Buffer) => (this.#stdout += text.toString()));
    this.#child.stderr?.on('data', (text: Buffer) => (this.#stderr += text.toString()));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get stdout(): string {
    return this.#stdout;
  }

  /** All that it has said. */
  get said(): string {
    return this.#stdout + this.#stderr;
  }

  /** Resolves once it has said something that fits. */
  async says(fits: RegExp, seconds = 60): Promise<void> {
    for (let waited = 0; waited < seconds; waited += 0.02) {
      if (fits.test(this.said)) return;
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) break;
      await delay(20);
    }
    throw new Error(`it never said ${fits}, only: ${this.said}`);
  }

  /** Resolves with its exit status when it ends by itself. */
  async status(): Promise<number | null> {
    await this.#ended;
    return this.#child.exitCode;
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
    await this.#ended;
  }
}
