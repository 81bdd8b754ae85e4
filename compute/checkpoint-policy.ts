/**
 * @file How often a task writes a checkpoint: often enough to lose little, seldom enough to cost little.
 */

/** Seconds between checkpoints while work goes on; `off` writes only when told to stop and at the end. */
export type CheckpointInterval = number | 'off';

export const defaultCheckpointSeconds = 10;

/** Writing takes at most one part in so many of the time: under 2 %. */
const costFactor = 50;
/** However dear a checkpoint is, no more than this is put at stake by waiting. */
const longestSeconds = 300;
/** While the store is away it is tried ever more rarely, down to this. */
const longestRetrySeconds = 60;
/** The cheapest of so many writes says what one costs: a store that was slow once is no reason to wait. */
const remembered = 3;

/** Decides when a checkpoint is due; all times in milliseconds of one clock. */
export class CheckpointPolicy {
  readonly #interval: CheckpointInterval;
  readonly #costs: number[] = [];
  #writtenAt: number;
  #triedAt: number;
  #missed = 0;

  /**
   * @param interval 0: after every step, whatever it costs
   * @param now when the work began
   */
  constructor(interval: CheckpointInterval, now: number) {
    this.#interval = interval;
    this.#triedAt = this.#writtenAt = now;
  }

  due(now: number): boolean {
    return now - this.#triedAt > this.wait;
  }

  /** Told of every checkpoint, also of those that were not due. */
  written(start: number, end: number): void {
    this.#triedAt = this.#writtenAt = end;
    this.#missed = 0;
    this.#costs.push(end - start);
    if (this.#costs.length > remembered) this.#costs.shift();
  }

  /** Told that the store did not take one. Returns the age of the last one that was taken. */
  missed(now: number): number {
    this.#triedAt = now;
    this.#missed += 1;
    return now - this.#writtenAt;
  }

  /** Between the end of the last attempt and the next. */
  get wait(): number {
    if (this.#interval === 'off') return Infinity;
    if (this.#missed > 0) {
      const first = Math.max(this.#interval, 1);
      return Math.min(longestRetrySeconds, first * 2 ** (this.#missed - 1)) * 1000;
    }
    if (this.#interval === 0) return 0;
    const asked = this.#interval * 1000;
    const cost = this.#costs.length === 0 ? 0 : Math.min(...this.#costs);
    return Math.max(asked, Math.min(costFactor * cost, longestSeconds * 1000));
  }
}
