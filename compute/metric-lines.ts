/**
 * @file The lines of `metrics.jsonl` from what a distillation has recorded.
 */
import type { IterationMetrics } from '../artifacts/metrics.js';
import type { DistillHistory } from '../distillation/distill-state.js';
import type { MatchHistory } from '../distillation/match-history.js';

export function metricLines({ loss, alpha, gradientNorm, matches }: DistillHistory): IterationMetrics[] {
  return Array.from(loss, (value, iteration) => ({
    iteration: iteration + 1,
    loss: value,
    learnedRate: alpha[iteration] ?? Number.NaN,
    gradientNorm: gradientNorm[iteration] ?? Number.NaN,
    ...(matches && matchNumbers(matches, iteration, loss.length)),
  }));
}

/** Distances are means over the matches of the iteration; of several, each says where it started and its loss. */
function matchNumbers(matches: MatchHistory, iteration: number, iterations: number): Record<string, number> {
  const each = matches.loss.length / iterations;
  const of = (field: keyof MatchHistory): number[] => [
    ...matches[field].subarray(iteration * each, (iteration + 1) * each),
  ];
  const mean = (field: keyof MatchHistory): number => of(field).reduce((sum, value) => sum + value, 0) / each;
  // What was done by an older version was not recorded, and JSON has no word for that.
  if (!Number.isFinite(mean('loss'))) return {};
  const [starts, losses] = [of('startEpoch'), of('loss')];
  const single = Object.fromEntries(
    starts.flatMap((start, index) => [
      [`startEpoch.${index + 1}`, start],
      [`loss.${index + 1}`, losses[index] ?? Number.NaN],
    ]),
  );
  return {
    ...(each === 1 ? { startEpoch: starts[0] ?? Number.NaN } : single),
    expertDistance: mean('expertDistance'),
    studentDistance: mean('studentDistance'),
    distanceLeft: mean('distanceLeft'),
  };
}
