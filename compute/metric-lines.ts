/**
 * @file The lines of `metrics.jsonl` from what a distillation has recorded.
 */
import type { IterationMetrics } from '../artifacts/metrics.js';
import type { DistillHistory } from '../distillation/distill-state.js';
import type { MatchHistory } from '../distillation/match-history.js';

/** The file is one object of bounded size: of longer distillations, the last iterations say what their matches were. */
const described = 100_000;
/** For the same reason the matches of an iteration are only told one by one when there are few. */
const fewMatches = 8;
/** Of what is for looking at. */
const digits = 7;

export function metricLines({ loss, alpha, gradientNorm, matches }: DistillHistory): IterationMetrics[] {
  return Array.from(loss, (value, iteration) => ({
    iteration: iteration + 1,
    loss: value,
    learnedRate: alpha[iteration] ?? Number.NaN,
    gradientNorm: gradientNorm[iteration] ?? Number.NaN,
    ...(matches && iteration >= loss.length - described && matchNumbers(matches, iteration, loss.length)),
  }));
}

/** Distances are means over the matches of the iteration; of several, each says where it started and its loss. */
function matchNumbers(matches: MatchHistory, iteration: number, iterations: number): Record<string, number> {
  const each = matches.loss.length / iterations;
  const of = (field: keyof MatchHistory): number[] => [
    ...matches[field].subarray(iteration * each, (iteration + 1) * each),
  ];
  const mean = (field: keyof MatchHistory): number =>
    rounded(of(field).reduce((sum, value) => sum + value, 0) / each);
  // What was done by an older version was not recorded, and JSON has no word for that.
  if (!Number.isFinite(mean('loss'))) return {};
  return {
    ...starts(of('startEpoch'), of('loss')),
    expertDistance: mean('expertDistance'),
    studentDistance: mean('studentDistance'),
    distanceLeft: mean('distanceLeft'),
  };
}

function starts(epochs: readonly number[], losses: readonly number[]): Record<string, number> {
  const [only = Number.NaN] = epochs;
  if (epochs.length === 1) return { startEpoch: only };
  if (epochs.length > fewMatches) return {};
  return Object.fromEntries(
    epochs.flatMap((epoch, index) => [
      [`startEpoch.${index + 1}`, epoch],
      [`loss.${index + 1}`, rounded(losses[index] ?? Number.NaN)],
    ]),
  );
}

function rounded(value: number): number {
  return Number(value.toPrecision(digits));
}
