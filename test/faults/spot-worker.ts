/**
 * @file A worker's place in a spot pool: whenever the worker in it is gone, another one comes.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ServerConnection } from '../../servers/connection.js';
import type { WorkerEvent } from '../../worker/events.js';
import { WorkerProcess } from '../support/worker-process.js';
import type { WorkerName } from './kinds/kind.js';
import { childrenOf } from './processes.js';

const replacementMs = 1000;

export interface WorkerWatch {
  event(worker: WorkerName, event: WorkerEvent): void;
  /** The process is gone. `unasked`: what it said, when nobody had ended it. */
  gone(worker: WorkerName, unasked: string | undefined): void;
}

export class SpotWorker {
  /** Workers that have been in this place. */
  started = 0;
  #process: WorkerProcess | undefined;
  /** Those that were told to end. */
  readonly #told = new WeakSet<WorkerProcess>();
  readonly #end = new AbortController();

  constructor(
    readonly name: WorkerName,
    private readonly connection: ServerConnection,
    private readonly watch: WorkerWatch,
  ) {
    void this.#live();
  }

  async #live(): Promise<void> {
    while (!this.#end.signal.aborted) {
      const queue = this.name === 'pipeline' ? 'pipeline' : 'compute';
      const worker = new WorkerProcess(queue, this.connection);
      this.started += 1;
      this.#process = worker;
      worker.onEvent = (event) => {
        if (this.#process === worker) this.watch.event(this.name, event);
      };
      await worker.exited;
      this.#process = undefined;
      const unasked = this.#told.has(worker) ? undefined : `${worker.ending ?? ''} ${worker.stderr}`.trim();
      this.watch.gone(this.name, unasked);
      await delay(replacementMs, undefined, { signal: this.#end.signal }).catch(() => undefined);
    }
  }

  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  /** Process ids of its children: the computing ones. */
  children(): number[] {
    const pid = this.#process?.pid;
    return pid === undefined ? [] : childrenOf(pid);
  }

  /** Its process id and its children's. */
  family(): number[] {
    const pid = this.#process?.pid;
    return pid === undefined ? [] : [pid, ...childrenOf(pid)];
  }

  /** Ends the worker that is there now; resolves when it is gone. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const worker = this.#process;
    if (worker === undefined) return;
    this.#told.add(worker);
    await worker.end(signal);
  }

  /** No worker comes any more; the last one is killed. */
  async close(): Promise<void> {
    this.#end.abort();
    await this.end('SIGKILL');
  }
}
