/**
 * @file Which pieces of which experts an iteration matches.
 */
import { startEpochBound, startEpochs } from '../definition/kept-epochs.js';
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

/** The parameters of an expert after the last epoch of which they were kept: a trained network. */
export function trainedExpert(experts: ExpertSnapshots, expert: number): Promise<Float32Array> {
  return experts.snapshot(expert, experts.kept?.at(-1) ?? experts.epochs);
}

/** A piece of a trajectory: `expertEpochs` epochs of an expert. */
export interface TrajectoryPiece {
  readonly expert: number;
  readonly startEpoch: number;
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
  const starts = startEpochs(method, iteration, experts.kept);
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
