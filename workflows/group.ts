/**
 * @file Structured concurrency with a limit: what is started in a group ends with the group.
 */
import { CancellationScope, CancelledFailure } from '@temporalio/workflow';
import { GoOnInNewRun } from './history.js';

export interface Group {
  /** Starts work as soon as fewer than the limit are running. Errors surface when the group ends. */
  start(work: () => Promise<void>): void;
  /** Waits until nothing is running or waiting; throws the first error. */
  drain(): Promise<void>;
}

/**
 * Runs `body` with a group of at most `limit` pieces of work beside it. When `body` or any piece fails, the
 * others are cancelled, their end is awaited, and the first error is thrown. When one of them is to go on in a
 * new run, the running ones are awaited and `GoOnInNewRun` is thrown.
 */
export function inGroup<T>(limit: number, body: (group: Group) => Promise<T>): Promise<T> {
  const scope = new CancellationScope();
  return scope.run(async () => {
    const group = new LimitedGroup(limit, scope);
    try {
      const result = await body(group);
      await group.drain();
      return result;
    } catch (error) {
      group.fail(error);
      await group.settled();
      throw group.error;
    }
  });
}

class LimitedGroup implements Group {
  private failure: { readonly error: unknown } | undefined;
  private goOn: GoOnInNewRun | undefined;
  private readonly running = new Set<Promise<void>>();
  private readonly waiting: (() => Promise<void>)[] = [];

  constructor(
    private readonly limit: number,
    private readonly scope: CancellationScope,
  ) {}

  start(work: () => Promise<void>): void {
    this.waiting.push(work);
    this.startWaiting();
  }

  /** What the group ends with, if not well. */
  get error(): unknown {
    return this.failure === undefined ? this.goOn : this.failure.error;
  }

  async drain(): Promise<void> {
    await this.settled();
    if (this.failure !== undefined || this.goOn !== undefined) throw this.error;
  }

  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  fail(error: unknown): void {
    if (error instanceof GoOnInNewRun) {
      this.goOn ??= error;
      this.waiting.length = 0;
      return;
    }
    if (this.failure !== undefined) return;
    this.failure = { error };
    this.waiting.length = 0;
    this.scope.cancel();
  }

  private startWaiting(): void {
    while (this.running.size < this.limit) {
      const work = this.waiting.shift();
      if (work === undefined) return;
      const run = this.runOne(work).finally(() => {
        this.running.delete(run);
        this.startWaiting();
      });
      this.running.add(run);
    }
  }

  private async runOne(work: () => Promise<void>): Promise<void> {
    try {
      if (this.scope.consideredCancelled) throw new CancelledFailure('cancelled before it started');
      await work();
    } catch (error) {
      this.fail(error);
    }
  }
}
