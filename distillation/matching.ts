/**
 * @file One trajectory match (method, section 3): train a student on the synthetic images from where an expert
 * was, measure how far it ends from where the expert went, and differentiate that distance exactly with respect
 * to the images, the student's learning rate and, where they are learned, the labels.
 */
import { DistilleryError } from '../errors/errors.js';
import { augment, augmentAdjoint, type DrawnAugmentation } from './augmentation/strategy.js';
import { pixelsOf, type FloatImages } from './batches.js';
import { atOnce, type Interruptible } from './interruptible.js';
import { matchingLoss, squaredDistance } from './matching-loss.js';
import type { Batch, NetworkPrograms, ParameterSet } from './network-programs.js';

/** One student step: which synthetic images, and how they are augmented. */
export interface StudentStep {
  readonly indices: Uint32Array;
  readonly augmentation: DrawnAugmentation | undefined;
}

export interface Match {
  readonly programs: NetworkPrograms;
  /** Expert parameters at the start epoch t, flat in canonical layout. */
  readonly theta0: Float32Array;
  /** Expert parameters at epoch t + M. */
  readonly target: Float32Array;
  /** The synthetic set, with hard or soft labels. */
  readonly synthetic: FloatImages;
  /** N steps. */
  readonly steps: readonly StudentStep[];
  /** Student learning rate. */
  readonly alpha: number;
  /** Whether the gradient to the labels is wanted too. Default false. */
  readonly toTargets?: boolean;
  /** A larger loss is not differentiated. Default: none is too large. */
  readonly skipAbove?: number | undefined;
  /** Share of the parameters that count in the loss. Default 1. */
  readonly keepFraction?: number | undefined;
}

export interface MatchResult {
  /** `|theta_N - target|^2 / |theta_0 - target|^2`. */
  readonly loss: number;
  /** Whether the loss was too large to be differentiated; then all gradients are 0. */
  readonly skipped: boolean;
  /** dL/dX, like the synthetic images. */
  readonly dX: Float32Array;
  /** dL/dY, like the targets of the synthetic images, when it was asked for. */
  readonly dTargets?: Float32Array;
  /** dL/dalpha. */
  readonly dAlpha: number;
  /** Where the student ended. */
  readonly thetaN: Float32Array;
  /** The student's cross-entropy at each step, before its update. */
  readonly studentLosses: readonly number[];
}

/** `a[i] += factor * b[j]` over the images that a batch took, of `size` values each. */
function scatterAdd(a: Float64Array, b: Float32Array, indices: Uint32Array, size: number, factor: number) {
  indices.forEach((image, row) => {
    for (let pixel = 0; pixel < size; pixel++) {
      const at = image * size + pixel;
      a[at] = (a[at] ?? 0) + factor * (b[row * size + pixel] ?? 0);
    }
  });
}

/**
 * The loss of a match and its exact gradient.
 *
 * Of the forward pass only `theta_0 .. theta_N` are kept, so memory grows with N by one parameter set a step and
 * by nothing else: each step back repeats its own forward pass inside one double backward.
 *
 * @throws DistilleryError `InvalidTrajectory` when start and target are the same point: the loss divides by their
 *   distance
 */
export function matchTrajectory(match: Match): MatchResult {
  return atOnce(matchInSteps(match));
}

/** `matchTrajectory`, to be interrupted between the student's steps, forth and back. */
export function* matchInSteps({
  programs,
  theta0,
  target,
  synthetic,
  steps,
  alpha,
  toTargets = false,
  skipAbove = Infinity,
  keepFraction,
}: Match): Interruptible<MatchResult> {
  const { shape, classes } = synthetic;
  if (squaredDistance(theta0, target) === 0) throw motionless();

  const batchOf = ({ indices, augmentation }: StudentStep): Batch => {
    const batch = synthetic.batch(indices);
    return { ...batch, images: augment(batch.images, augmentation, shape) };
  };

  const thetas: ParameterSet[] = [programs.upload(theta0)];
  let v: ParameterSet | undefined;
  try {
    // theta_{i+1} = theta_i - alpha * grad CE(A(b_i); theta_i)
    const studentLosses: number[] = [];
    for (const step of steps) {
      const sgd = { lr: alpha, momentum: 0, weightDecay: 0 };
      const next = programs.sgdStep(last(thetas), undefined, batchOf(step), sgd);
      thetas.push(next.parameters);
      studentLosses.push(next.loss);
      yield;
    }

    const thetaN = programs.download(last(thetas));
    const end = matchingLoss(theta0, thetaN, target, keepFraction);
    if (end === undefined) throw motionless();
    const { loss } = end;
    const dX = new Float64Array(synthetic.images.length);
    const dTargets = new Float64Array(toTargets ? synthetic.targets.length : 0);
    let dAlpha = 0;
    const skipped = loss > skipAbove && Number.isFinite(loss);

    // v = dL/dtheta_N, then carried back to theta_0.
    v = programs.upload(end.slope);
    for (const step of skipped ? [] : steps.toReversed()) {
      programs.release(thetas.pop() ?? []);
      const back = programs.secondOrderStep(last(thetas), batchOf(step), v, alpha, toTargets);
      dAlpha -= back.slope;
      const dImages = augmentAdjoint(back.images, step.augmentation, shape);
      scatterAdd(dX, dImages, step.indices, pixelsOf(shape), -alpha);
      if (back.targets) scatterAdd(dTargets, back.targets, step.indices, classes, -alpha);
      programs.release(v);
      v = back.v;
      yield;
    }
    return {
      loss,
      skipped,
      dX: Float32Array.from(dX),
      ...(toTargets && { dTargets: Float32Array.from(dTargets) }),
      dAlpha,
      thetaN,
      studentLosses,
    };
  } finally {
    programs.release(...thetas, ...(v ? [v] : []));
  }
}

function motionless(): DistilleryError {
  return new DistilleryError(
    'InvalidTrajectory',
    'The expert did not move between the start and the target epoch, so there is nothing to match: ' +
      'train the experts with a higher lr or choose more expertEpochs.',
  );
}

function last(sets: readonly ParameterSet[]): ParameterSet {
  const set = sets.at(-1);
  if (set === undefined) throw new RangeError('no parameters are left');
  return set;
}
