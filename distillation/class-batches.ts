/**
 * @file What methods that compare class by class look at: a few real images of a class, all synthetic ones of it,
 * and the augmentation of both.
 */
import type { DsaOperation } from '../definition/plan.js';
import { oneHot, type BatchSource } from './batches.js';
import type { Batch } from './network-programs.js';
import { Stream } from '../random/stream.js';
import { SiameseAugmentation } from './siamese.js';

export interface ClassBatchSettings {
  readonly operations: readonly DsaOperation[];
  /** Real images of a batch; all of a class that has fewer. */
  readonly batchReal: number;
  /** Images per class. */
  readonly ipc: number;
  /** Seed of the run. */
  readonly seed: number;
}

/** Both batches of a class, augmented by the same draw. */
export interface ClassBatches {
  readonly real: Batch;
  readonly synthetic: Batch;
  /** From the gradient to the synthetic batch to that to the images of the class. */
  readonly adjoint: (gradient: Float32Array) => Float32Array;
}

export class ClassImages {
  /**
   * @param real training images
   * @param members indices of the training images of each class
   */
  constructor(
    readonly real: BatchSource,
    readonly members: readonly Uint32Array[],
    readonly settings: ClassBatchSettings,
  ) {}

  get classes(): number {
    return this.members.length;
  }

  /** Where the images of a class lie among the pixels of the synthetic set, in which classes follow one another. */
  ofClass(synthetic: Float32Array, label: number): Float32Array {
    const size = synthetic.length / this.classes;
    return synthetic.subarray(label * size, (label + 1) * size);
  }

  /**
   * @param synthetic `[classes * ipc, channels, height, width]`
   * @param update which comparison of the iteration, from 0
   */
  batches(synthetic: Float32Array, label: number, iteration: number, update: number): ClassBatches {
    const { operations, batchReal, ipc, seed } = this.settings;
    const members = this.members[label] ?? new Uint32Array();
    const drawing = new Stream(seed, 'matching-images', iteration, label, update);
    const chosen = drawing.sample(members.length, Math.min(batchReal, members.length));
    const real = this.real.batch(chosen.map((position) => members[position] ?? 0));
    const stream = new Stream(seed, 'matching-augmentation', iteration, label, update);
    const augmentation = new SiameseAugmentation(operations, stream, this.real.shape);
    return {
      real: { ...real, images: augmentation.apply(real.images) },
      synthetic: {
        images: augmentation.apply(this.ofClass(synthetic, label)),
        count: ipc,
        targets: oneHot(new Int32Array(ipc).fill(label), this.classes),
      },
      adjoint: (gradient) => augmentation.adjoint(gradient),
    };
  }
}
