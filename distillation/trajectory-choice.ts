/**
 * @file Which pieces of which experts an iteration matches.
 */
import type { MttConfig } from '../definition/plan.js';
import { DistilleryError } from '../errors/errors.js';
import { Stream } from '../random/stream.js';

/** Where the experts' snapshots come from; implementations keep the hot ones. */
export interface ExpertSnapshots {
  readonly experts: number;
  /** Epochs each expert was trained for. */
  readonly epochs: number;
  /** Epochs whose parameters were kept, in order; all from 0 to `epochs` when absent. */
  readonly kept?: readonly number[];
  /** Flat parameters of an expert after an epoch (0 is the initialisation). Not changed by the caller. */
  snapshot(expert: number, epoch: number): Promise<Float32Array>;
}

/** A piece of a trajectory: `expertEpochs` epochs of an expert. */
export interface TrajectoryPiece {
  readonly expert: number;
  readonly startEpoch: number;
}

export type StartEpochs = Pick<
  MttConfig,
  'expertEpochs' | 'maxStartEpoch' | 'minStartEpoch' | 'startEpochGrowth'
>;

/** Start epochs of an iteration lie below this; it grows as Guo et al. (2024) let it. */
export function startEpochBound({ maxStartEpoch, startEpochGrowth }: StartEpochs, iteration: number): number {
  if (startEpochGrowth === undefined) return maxStartEpoch;
  const { from, iterations } = startEpochGrowth;
  return Math.min(from + Math.floor(((maxStartEpoch - from) * iteration) / iterations), maxStartEpoch);
}

/** The start epochs that an iteration may draw: of the range, those of which start and target were kept. */
export function startEpochs(
  method: StartEpochs,
  iteration: number,
  isKept: (epoch: number) => boolean,
): number[] {
  const { minStartEpoch = 0, expertEpochs } = method;
  const range = Array.from(
    { length: Math.max(0, startEpochBound(method, iteration) - minStartEpoch) },
    (_, i) => minStartEpoch + i,
  );
  return range.filter((epoch) => isKept(epoch) && isKept(epoch + expertEpochs));
}

/**
 * The pieces that an iteration matches, each drawn uniformly, keyed by seed and iteration.
 *
 * @throws DistilleryError `InvalidTrajectory` when the experts are too short, or were not kept where needed
 */
export function choosePieces(
  method: MttConfig,
  experts: ExpertSnapshots,
  seed: number,
  iteration: number,
): TrajectoryPiece[] {
  requireLength(experts, method);
  const kept = experts.kept && new Set(experts.kept);
  const starts = startEpochs(method, iteration, (epoch) => kept?.has(epoch) ?? true);
  if (starts.length === 0)
    throw new DistilleryError(
      'InvalidTrajectory',
      `The experts have no start epoch from ${method.minStartEpoch ?? 0} to ${startEpochBound(method, iteration) - 1} ` +
        `that is kept together with the epoch ${method.expertEpochs} later: keep more epochs of the experts ` +
        '(keepEpochs), or change expertEpochs.',
    );
  const choice = new Stream(seed, 'trajectory-choice', iteration);
  return Array.from({ length: method.expertsPerStep ?? 1 }, () => {
    const expert = choice.integer(experts.experts);
    return { expert, startEpoch: starts[choice.integer(starts.length)] ?? 0 };
  });
}

function requireLength({ experts, epochs }: ExpertSnapshots, method: MttConfig): void {
  const needed = method.maxStartEpoch - 1 + method.expertEpochs;
  if (experts < 1 || needed > epochs)
    throw new DistilleryError(
      'InvalidTrajectory',
      `Matching with maxStartEpoch ${method.maxStartEpoch} and expertEpochs ${method.expertEpochs} reads ` +
        `snapshots up to epoch ${needed}, but there are ${experts} experts of ${epochs} epochs: ` +
        'train longer experts or lower maxStartEpoch.',
    );
}
