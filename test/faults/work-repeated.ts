/**
 * @file What interruptions cost: computing that had to be done again.
 */
import type { Attempt } from './ledger.js';

export interface Repeated {
  readonly attempt: Attempt;
  /** From the last checkpoint that the next attempt could use, or from the start, to the end. */
  readonly seconds: number;
}

/**
 * For every attempt without a result that another one followed, the time it computed in vain. Loading and
 * warming up count as computing, so these are upper limits.
 */
export function workRepeated(attempts: readonly Attempt[]): Repeated[] {
  const byUnit = new Map<string, Attempt[]>();
  for (const attempt of attempts) {
    const same = byUnit.get(attempt.unit) ?? [];
    byUnit.set(attempt.unit, [...same, attempt]);
  }
  return [...byUnit.values()].flatMap((same) =>
    same.flatMap((attempt, index) => {
      const next = same[index + 1];
      if (attempt.finished || attempt.endedAt === undefined || next === undefined) return [];
      const usable = attempt.written.filter(({ sequence }) => sequence <= (next.resumedFrom ?? -1));
      const kept = Math.max(attempt.startedAt, ...usable.map(({ at }) => at));
      return [{ attempt, seconds: Math.max(0, attempt.endedAt - kept) }];
    }),
  );
}
