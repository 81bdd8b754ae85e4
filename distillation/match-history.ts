/**
 * @file What each match of a distillation was: from which epoch it started, how far the expert went from there, how
 * far the student went, and how far apart they ended.
 */

/** Euclidean distances between parameters, all of them. */
export interface Distances {
  /** `|theta*_{t+M} - theta*_t|`: what the expert travelled. */
  readonly expertDistance: number;
  /** `|theta_N - theta*_t|`: what the student travelled. */
  readonly studentDistance: number;
  /** `|theta_N - theta*_{t+M}|`: what was left between them. */
  readonly distanceLeft: number;
}

export interface MatchRecord extends Distances {
  readonly startEpoch: number;
  readonly loss: number;
}

const fields = ['startEpoch', 'loss', 'expertDistance', 'studentDistance', 'distanceLeft'] as const;

/**
 * One value per match, those of an iteration together: as many as experts are matched at once. NaN for iterations
 * that were done by a version that did not record them.
 */
export type MatchHistory = Readonly<Record<(typeof fields)[number], Float64Array>>;

export const matchFields: readonly (keyof MatchHistory)[] = fields;

/** Keeps the records of a distillation under way. */
export class MatchRecorder {
  readonly #values: Record<keyof MatchHistory, number[]>;

  /**
   * @param done matches of the finished iterations
   * @param earlier what is known of them
   */
  constructor(done: number, earlier: MatchHistory | undefined) {
    const known = (field: keyof MatchHistory): number[] => {
      const values = earlier?.[field] ?? [];
      return [...Array<number>(Math.max(0, done - values.length)).fill(Number.NaN), ...values];
    };
    this.#values = {
      startEpoch: known('startEpoch'),
      loss: known('loss'),
      expertDistance: known('expertDistance'),
      studentDistance: known('studentDistance'),
      distanceLeft: known('distanceLeft'),
    };
  }

  add(match: MatchRecord): void {
    for (const field of fields) this.#values[field].push(match[field]);
  }

  /** A copy. */
  get history(): MatchHistory {
    const { startEpoch, loss, expertDistance, studentDistance, distanceLeft } = this.#values;
    return {
      startEpoch: Float64Array.from(startEpoch),
      loss: Float64Array.from(loss),
      expertDistance: Float64Array.from(expertDistance),
      studentDistance: Float64Array.from(studentDistance),
      distanceLeft: Float64Array.from(distanceLeft),
    };
  }
}
