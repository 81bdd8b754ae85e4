/**
 * @file One trajectory match (method, section 3): train a student on the synthetic images from where an expert
 * was, measure how far it ends from where the expert went, and differentiate that distance exactly with respect
 * to the images, the student's learning rate and, where they are learned, the labels.
 */
import { DistilleryError } from '../errors/errors.js';
import { atOnce, type Interruptible } from './interruptible.js';
import type { Distances } from './match-history.js';
import { matchingLoss, squaredDistance } from './matching-loss.js';
import { unrollInSteps, type Student, type Unrolled } from './unroll.js';

/** The student starts where the expert was after epoch t. */
export interface Match extends Student {
  /** Expert parameters at epoch t + M. */
  readonly target: Float32Array;
  /** A larger loss is not differentiated. Default: none is too large. */
  readonly skipAbove?: number | undefined;
  /** Share of the parameters that count in the loss. Default 1. */
  readonly keepFraction?: number | undefined;
}

/** The loss is `|theta_N - target|^2 / |theta_0 - target|^2`. */
export interface MatchResult extends Unrolled {
  /** Whether the loss was too large to be differentiated; then all gradients are 0. */
  readonly skipped: boolean;
  /** Where the student ended. */
  readonly thetaN: Float32Array;
  readonly distances: Distances;
}

/**
 * The loss of a match and its exact gradient.
 *
 * @throws DistilleryError `InvalidTrajectory` when start and target are the same point: the loss divides by their
 *   distance
 */
export function matchTrajectory(match: Match): MatchResult {
  return atOnce(matchInSteps(match));
}

/** `matchTrajectory`, to be interrupted between the student's steps, forth and back. */
export function* matchInSteps(match: Match): Interruptible<MatchResult> {
  const { programs, theta0, target, skipAbove = Infinity, keepFraction } = match;
  const travelled = squaredDistance(theta0, target);
  if (travelled === 0) throw motionless();
  let thetaN = theta0;
  let skipped = false;
  const unrolled = yield* unrollInSteps(match, (parameters) => {
    thetaN = programs.download(parameters);
    const end = matchingLoss(theta0, thetaN, target, keepFraction);
    if (end === undefined) throw motionless();
    skipped = end.loss > skipAbove && Number.isFinite(end.loss);
    return { ...end, skipped };
  });
  const distances = {
    expertDistance: Math.sqrt(travelled),
    studentDistance: Math.sqrt(squaredDistance(theta0, thetaN)),
    distanceLeft: Math.sqrt(squaredDistance(thetaN, target)),
  };
  return { ...unrolled, skipped, thetaN, distances };
}

function motionless(): DistilleryError {
  return new DistilleryError(
    'InvalidTrajectory',
    'The expert did not move between the start and the target epoch, so there is nothing to match: ' +
      'train the experts with a higher lr or choose more expertEpochs.',
  );
}
