/**
 * @file What the matches of a distillation say once it has settled: how far experts and students went, and how well
 * the images do from each start epoch.
 */
import type { IterationMetrics } from '../artifacts/metrics.js';

/** The images of the result are judged by the iterations that led to them, so many of them. */
const settledShare = 0.25;

export interface Travelled {
  /** Iterations that the means are over. */
  readonly iterations: number;
  /** Mean distance that the experts travelled in M epochs, and the students in N steps. */
  readonly expert: number;
  readonly student: number;
  /** Mean of what was left between them, as a share of the expert's way. */
  readonly left: number;
}

export interface StartEpochLoss {
  readonly epoch: number;
  readonly loss: number;
  /** Population standard deviation over the matches. */
  readonly std: number;
  readonly matches: number;
}

export interface Matched {
  readonly travelled: Travelled;
  /** By epoch. */
  readonly byStartEpoch: readonly StartEpochLoss[];
}

/** @param chosen the iteration whose images are the result; undefined when nothing is on record of the matches */
export function matched(metrics: readonly IterationMetrics[], chosen: number): Matched | undefined {
  const from = chosen - Math.max(1, Math.round(chosen * settledShare));
  const settled = metrics.filter((row) => row.iteration > from && row.iteration <= chosen);
  const ways = settled.flatMap(({ expertDistance, studentDistance, distanceLeft }) =>
    expertDistance === undefined || studentDistance === undefined || distanceLeft === undefined
      ? []
      : [{ expertDistance, studentDistance, distanceLeft }],
  );
  if (ways.length === 0) return undefined;
  return {
    travelled: {
      iterations: ways.length,
      expert: mean(ways.map(({ expertDistance }) => expertDistance)),
      student: mean(ways.map(({ studentDistance }) => studentDistance)),
      left: mean(ways.map(({ expertDistance, distanceLeft }) => distanceLeft / expertDistance)),
    },
    byStartEpoch: byStartEpoch(settled),
  };
}

function byStartEpoch(rows: readonly IterationMetrics[]): StartEpochLoss[] {
  const losses = new Map<number, number[]>();
  for (const { epoch, loss } of rows.flatMap(starts)) {
    const known = losses.get(epoch);
    if (known) known.push(loss);
    else losses.set(epoch, [loss]);
  }
  return [...losses]
    .sort(([a], [b]) => a - b)
    .map(([epoch, values]) => ({
      epoch,
      loss: mean(values),
      std: deviation(values),
      matches: values.length,
    }));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
}

/** The matches of an iteration: one, or several that are numbered from 1. */
function starts(row: IterationMetrics): { readonly epoch: number; readonly loss: number }[] {
  if (row.startEpoch !== undefined) return [{ epoch: row.startEpoch, loss: row.loss }];
  const found: { epoch: number; loss: number }[] = [];
  for (let match = 1; ; match += 1) {
    const [epoch, loss] = [row[`startEpoch.${match}`], row[`loss.${match}`]];
    if (epoch === undefined || loss === undefined) return found;
    found.push({ epoch, loss });
  }
}
