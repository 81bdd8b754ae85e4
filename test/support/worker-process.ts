/**
 * @file A real worker process, to be waited for and killed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connectionEnvironment, type ServerConnection } from '../../servers/connection.js';
import { findOnPath } from '../../setup/command.js';
import type { WorkerEvent } from '../../worker/events.js';

const entry = fileURLToPath(new URL('./worker-entry.js', import.meta.url));

/** The kernel ends it with us where it can: tests may be killed as well. */
const setpriv = process.platform === 'linux' ? findOnPath(['setpriv']) : undefined;

export class WorkerProcess {
  readonly events: WorkerEvent[] = [];
  /** Resolves once the process is gone. */
  readonly exited: Promise<void>;
  /** Told of every event as it comes. */
  onEvent: (event: WorkerEvent) => void = () => undefined;
  readonly #child: ChildProcess;
  #stderr = '';

  constructor(queue: 'pipeline' | 'compute', servers: ServerConnection, extra: NodeJS.ProcessEnv = {}) {
    const command = [process.execPath, entry, queue];
    if (setpriv !== undefined) command.unshift(setpriv, '--pdeathsig', 'KILL');
    const [file = '', ...args] = command;
    this.#child = spawn(file, args, {
      env: { ...process.env, ...connectionEnvironment(servers), ...extra },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.exited = new Promise((resolve) => this.#child.once('exit', () => resolve()));
    const { stdout, stderr } = this.#child;
    if (stdout) createInterface(stdout).on('line', (line) => this.#take(line));
    stderr?.on('data', (text: Buffer) => (this.#stderr = (this.#stderr + text.toString()).slice(-4000)));
  }

  #take(line: string): void {
    if (!line.startsWith('{')) return;
    const event = JSON.parse(line) as WorkerEvent;
    this.events.push(event);
    this.onEvent(event);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The last it said on stderr. */
  get stderr(): string {
    return this.#stderr;
  }

  /** How it ended: a signal or an exit status; undefined while it runs. */
  get ending(): string | undefined {
    const { signalCode, exitCode } = this.#child;
    return signalCode ?? (exitCode === null ? undefined : `status ${exitCode}`);
  }

  /** Resolves with the first event that fits, past or to come. */
  async event(fits: (event: WorkerEvent) => boolean, seconds = 120): Promise<WorkerEvent> {
    for (let waited = 0; waited < seconds; waited += 0.02) {
      const found = this.events.find(fits);
      if (found) return found;
      if (this.#child.exitCode !== null) throw new Error(`the worker ended: ${this.#stderr}`);
      await delay(20);
    }
    throw new Error(`no such event in ${seconds} s; the worker said: ${this.#stderr}`);
  }

  /** Sends the signal and waits for the end; seconds it took. */
  async end(signal: NodeJS.Signals): Promise<number> {
    const start = performance.now();
    if (this.ending === undefined) {
      this.#child.kill(signal);
      await this.exited;
    }
    return (performance.now() - start) / 1000;
  }
}
