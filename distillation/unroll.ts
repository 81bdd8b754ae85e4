/**
 * @file A student trained on the synthetic images, and the exact gradient of whatever is measured where it ends.
 */
import { augment, augmentAdjoint, type DrawnAugmentation } from './augmentation/strategy.js';
import { pixelsOf, type FloatImages } from './batches.js';
import type { Interruptible } from './interruptible.js';
import type { Batch, NetworkPrograms, ParameterSet } from './network-programs.js';

/** One student step: which synthetic images, and how they are augmented. */
export interface StudentStep {
  readonly indices: Uint32Array;
  readonly augmentation: DrawnAugmentation | undefined;
}

export interface Student {
  readonly programs: NetworkPrograms;
  /** Where the student starts, flat in canonical layout. */
  readonly theta0: Float32Array;
  /** The synthetic set, with hard or soft labels. */
  readonly synthetic: FloatImages;
  /** N steps. */
  readonly steps: readonly StudentStep[];
  /** Student learning rate. */
  readonly alpha: number;
  /** Whether the gradient to the labels is wanted too. Default false. */
  readonly toTargets?: boolean;
}

/** What is measured where the student ends. */
export interface End {
  readonly loss: number;
  /** Its gradient to the student's parameters, flat. */
  readonly slope: Float32Array;
  /** Whether the loss is not to be differentiated; then all gradients are 0. Default false. */
  readonly skipped?: boolean;
}

export interface Unrolled {
  readonly loss: number;
  /** dL/dX, like the synthetic images. */
  readonly dX: Float32Array;
  /** dL/dY, like the targets of the synthetic images, when it was asked for. */
  readonly dTargets?: Float32Array;
  /** dL/dalpha. */
  readonly dAlpha: number;
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
 * Of the forward pass only `theta_0 .. theta_N` are kept, so memory grows with N by one parameter set a step and
 * by nothing else: each step back repeats its own forward pass inside one double backward. Yields between the
 * steps, forth and back.
 *
 * @param measure called once, with the parameters where the student ends; they stay the student's
 */
export function* unrollInSteps(
  { programs, theta0, synthetic, steps, alpha, toTargets = false }: Student,
  measure: (thetaN: ParameterSet) => End,
): Interruptible<Unrolled> {
  const { shape, classes } = synthetic;
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

    const { loss, slope, skipped = false } = measure(last(thetas));
    const dX = new Float64Array(synthetic.images.length);
    const dTargets = new Float64Array(toTargets ? synthetic.targets.length : 0);
    let dAlpha = 0;

    // v = dL/dtheta_N, then carried back to theta_0.
    v = programs.upload(slope);
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
      dX: Float32Array.from(dX),
      ...(toTargets && { dTargets: Float32Array.from(dTargets) }),
      dAlpha,
      studentLosses,
    };
  } finally {
    programs.release(...thetas, ...(v ? [v] : []));
  }
}

function last(sets: readonly ParameterSet[]): ParameterSet {
  const set = sets.at(-1);
  if (set === undefined) throw new RangeError('no parameters are left');
  return set;
}
