/**
 * @file The health of a worker process, from the states of its workers and its connection.
 */
import type { NativeConnection, Worker } from '@temporalio/worker';
import type { Health } from './health.js';

/** An answer of the server is good for so long. */
const freshMilliseconds = 5_000;
const answerMilliseconds = 2_000;

export class WorkerHealth implements Health {
  #connection: NativeConnection | undefined;
  #workers: readonly Worker[] = [];
  #leaving = false;
  #asked: { readonly at: number; readonly answer: Promise<string | undefined> } | undefined;

  connected(connection: NativeConnection): void {
    this.#connection = connection;
  }

  running(workers: readonly Worker[]): void {
    this.#workers = workers;
  }

  /** It finishes what it has and takes no more. */
  leaves(): void {
    this.#leaving = true;
  }

  broken(): string | undefined {
    return this.#workers.some((worker) => worker.getState() === 'FAILED') ? 'a worker has failed' : undefined;
  }

  async unready(): Promise<string | undefined> {
    const broken = this.broken();
    if (broken !== undefined) return broken;
    if (this.#leaving) return 'leaving';
    const polling = this.#workers.length > 0 && this.#workers.every((one) => one.getState() === 'RUNNING');
    const connection = this.#connection;
    if (!polling || connection === undefined) return 'starting';
    const now = performance.now();
    if (this.#asked === undefined || now - this.#asked.at > freshMilliseconds)
      this.#asked = { at: now, answer: askServer(connection) };
    return this.#asked.answer;
  }
}

async function askServer(connection: NativeConnection): Promise<string | undefined> {
  try {
    await connection.withDeadline(Date.now() + answerMilliseconds, () =>
      connection.workflowService.getSystemInfo({}),
    );
    return undefined;
  } catch {
    return 'Temporal does not answer';
  }
}
