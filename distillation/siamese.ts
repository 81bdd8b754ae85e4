/**
 * @file Siamese augmentation (Zhao & Bilen 2021): one draw for all images of a batch, so that real and synthetic
 * images are changed alike before they are compared.
 */
import type { DsaOperation } from '../definition/plan.js';
import type { ImageShape } from '../networks/spec.js';
import type { Stream } from '../random/stream.js';
import {
  augment,
  augmentAdjoint,
  drawAugmentation,
  type DrawnAugmentation,
} from './augmentation/strategy.js';
import { pixelsOf } from './batches.js';

export class SiameseAugmentation {
  readonly #drawn: DrawnAugmentation | undefined;

  constructor(
    operations: readonly DsaOperation[],
    stream: Stream,
    private readonly shape: ImageShape,
  ) {
    this.#drawn = drawAugmentation(operations, stream, 1, shape);
  }

  /** The augmented images; the images themselves when there is no operation. */
  apply(images: Float32Array): Float32Array {
    return augment(images, this.#forAll(images), this.shape);
  }

  /** From the gradient to augmented images to the gradient to the images. */
  adjoint(gradient: Float32Array): Float32Array {
    return augmentAdjoint(gradient, this.#forAll(gradient), this.shape);
  }

  #forAll({ length }: Float32Array): DrawnAugmentation | undefined {
    if (this.#drawn === undefined) return undefined;
    const count = length / pixelsOf(this.shape);
    const { operation, draws } = this.#drawn;
    return { operation, draws: draws.map(([value = 0]) => new Float64Array(count).fill(value)) };
  }
}
