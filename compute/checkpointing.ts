/**
 * @file When a task writes a checkpoint, and when it stops.
 */
import { onBehalfOf } from '../artifacts/store-work.js';
import { DistilleryError } from '../errors/errors.js';
import { CheckpointPolicy } from './checkpoint-policy.js';
import { Stopped, type TaskContext } from './context.js';

/** A store that says nothing for so long in the middle of a write is away. */
const silenceMilliseconds = 4_000;
/** A run that is cancelled or paused can wait a little for its last checkpoint. */
const cancelPatienceMilliseconds = 5_000;

/**
 * Called by a task between steps, and within long ones: lets messages in, writes a checkpoint when one is
 * due or the task is to stop, and throws `Stopped` once the task has been told to stop.
 *
 * A store that is away does not stop the computing: the write is given up at once and made up for later, with
 * the state as it is then. Only what has to be written, `now`, waits for the store.
 */
export class Checkpointing {
  readonly #policy: CheckpointPolicy;

  /**
   * @param write stores the state as it is now
   * @param clock milliseconds that never go back
   */
  constructor(
    private readonly context: TaskContext,
    private readonly write: () => Promise<void>,
    private readonly clock: () => number = () => performance.now(),
  ) {
    this.#policy = new CheckpointPolicy(context.checkpointInterval, clock());
  }

  async betweenSteps(): Promise<void> {
    await this.withinStep();
    if (this.#policy.due(this.clock())) await this.#ifStoreTakesIt(0);
  }

  /** Within a long step there is nothing new to write, unless the task is to stop. */
  async withinStep(): Promise<void> {
    await this.context.breathe();
    const stop = this.context.stopRequested();
    if (!stop) return;
    if (stop !== 'drop') await this.#ifStoreTakesIt(stop === 'cancel' ? cancelPatienceMilliseconds : 0);
    throw new Stopped(stop);
  }

  /** Waits for the store as long as its patience lasts. */
  async now(): Promise<void> {
    const start = this.clock();
    await this.write();
    this.#policy.written(start, this.clock());
  }

  async #ifStoreTakesIt(patienceMs: number): Promise<void> {
    let trouble = 'the store';
    const impatient = {
      patienceMs,
      silenceMs: silenceMilliseconds,
      // Nothing waits here; what was missed is told below.
      onWait: (reason: string | undefined) => (trouble = reason ?? trouble),
    };
    try {
      await onBehalfOf(impatient, () => this.now());
      this.context.waiting(undefined);
    } catch (error) {
      if (!(error instanceof DistilleryError)) throw error;
      if (error.code !== 'StoreUnavailable' && error.code !== 'NoSpace') throw error;
      const seconds = Math.round(this.#policy.missed(this.clock()) / 1000);
      this.context.waiting(`${trouble}; the last checkpoint is ${seconds} s old`);
    }
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
