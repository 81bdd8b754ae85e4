/**
 * @file A real worker process, to be waited for and killed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connectionEnvironment, type ServerConnection } from '../../servers/connection.js';
import type { WorkerEvent } from '../../worker/events.js';

const entry = fileURLToPath(new URL('./worker-entry.js', import.meta.url));

export class WorkerProcess {
  readonly events: WorkerEvent[] = [];
  readonly #child: ChildProcess;
  #stderr = '';

  constructor(queue: 'pipeline' | 'compute', servers: ServerConnection, extra: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(process.execPath, [entry, queue], {
      env: { ...process.env, ...connectionEnvironment(servers), ...extra },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { stdout, stderr } = this.#child;
    if (stdout) createInterface(stdout).on('line', (line) => this.#take(line));
    stderr?.on('data', (text: Buffer) => (this.#stderr = (this.#stderr + text.toString()).slice(-4000)));
  }

  #take(line: string): void {
    if (line.startsWith('{')) this.events.push(JSON.parse(line) as WorkerEvent);
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
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill(signal);
      await exited;
    }
    return (performance.now() - start) / 1000;
  }
}
