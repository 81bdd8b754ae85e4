/**
 * @file When a stage tells its pipeline how far it is. Every signal makes the pipeline's history longer by up
 * to four events, and a pipeline may have thousands of stages; so all together have a fixed number of them.
 */

export interface SignalSchedule {
  /** Whether every run of the stage says so when it begins. */
  readonly tellsBegin: boolean;
  tellsProgress(before: number, done: number, total: number): boolean;
  /** @param repeats attempts repeated so far, counting from 1 */
  tellsRepeat(repeats: number, done: number): boolean;
}

/** Signals of all stages of a pipeline together. */
const allSignals = 400;
/** Of one stage, however few there are. */
const mostSignals = 100;

/**
 * One half tells progress, at even steps; the other tells repeats, the first ones at once and later ones each
 * time that their number has grown by an eighth or more. A pure function of the counts, so that nothing of it
 * has to be carried through continue-as-new.
 */
export class FewSignals implements SignalSchedule {
  readonly tellsBegin = false;
  private readonly steps: number;
  private readonly repeats: number;

  constructor(stageCount: number) {
    // Where there are more stages than signals, a pipeline learns only how each has ended.
    const signals = Math.min(mostSignals, Math.floor(allSignals / stageCount));
    this.steps = Math.ceil(signals / 2);
    this.repeats = signals - this.steps;
  }

  tellsProgress(before: number, done: number, total: number): boolean {
    // The end needs no signal, as the pipeline gets the stage's result.
    const step = (count: number) => Math.floor((count * (this.steps + 1)) / total);
    return done < total && step(done) > step(before);
  }

  tellsRepeat(repeats: number): boolean {
    // Up to 8 each; then 10, 12, 14, 16, 20, …: four to a doubling.
    const doublings = Math.max(0, 31 - Math.clz32(repeats) - 2);
    const spacing = 2 ** doublings;
    const nth = 4 * doublings + repeats / spacing;
    return Number.isInteger(nth) && nth <= this.repeats;
  }
}

/** As version 0.1.0 did: every 2 %, the first 20 repeats and every 20th after them. */
export class ManySignals implements SignalSchedule {
  readonly tellsBegin = true;
  private told = 0;

  tellsProgress(_before: number, done: number, total: number): boolean {
    if (done - this.told < total * 0.02) return false;
    this.told = done;
    return true;
  }

  tellsRepeat(repeats: number, done: number): boolean {
    if (repeats > 20 && repeats % 20 !== 0) return false;
    this.told = done;
    return true;
  }
}
