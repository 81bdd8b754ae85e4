/**
 * @file When a task writes a checkpoint, and when it stops.
 */
import { Stopped, type TaskContext } from './context.js';

/** At most so much work is lost with a worker that dies without notice. */
const intervalMilliseconds = 10_000;
/** Writing takes at most one part in so many of the time: under 2 %. */
const costFactor = 50;

/**
 * Called by a task between steps: lets messages in, writes a checkpoint when one is due or the task
 * is to stop, and throws `Stopped` once the task has been told to stop.
 */
export class Checkpointing {
  #writtenAt = performance.now();
  #cost = 0;

  /** @param write stores the state as it is now */
  constructor(
    private readonly context: TaskContext,
    private readonly write: () => Promise<void>,
  ) {}

  async betweenSteps(): Promise<void> {
    await this.context.breathe();
    const stop = this.context.stopRequested();
    if (stop === 'drop') throw new Stopped(stop);
    if (stop || this.#due()) await this.now();
    if (stop) throw new Stopped(stop);
  }

  async now(): Promise<void> {
    const start = performance.now();
    await this.write();
    this.#writtenAt = performance.now();
    this.#cost = this.#writtenAt - start;
  }

  #due(): boolean {
    return performance.now() - this.#writtenAt > Math.max(intervalMilliseconds, costFactor * this.#cost);
  }
}

/** Steps per second since the attempt began. */
export class Speed {
  readonly #start = performance.now();

  constructor(private readonly from: number) {}

  /** Undefined until there is something to measure. */
  at(done: number): number | undefined {
    const seconds = (performance.now() - this.#start) / 1000;
    return done > this.from && seconds > 0.5 ? (done - this.from) / seconds : undefined;
  }
}
