/**
 * @file DSA as a strategy: for every batch one operation of the list, with parameters drawn per sample.
 */
import type { Augmentation, DsaOperation } from '../../definition/plan.js';
import type { ImageShape } from '../../networks/spec.js';
import type { Stream } from '../../random/stream.js';
import type { Augmenter, Draws } from './augmenter.js';
import { color } from './color.js';
import { crop } from './crop.js';
import { cutout } from './cutout.js';
import { flip } from './flip.js';
import { rotate, scale } from './geometry.js';

/** In the order of the published strategy `color_crop_cutout_flip_scale_rotate`. */
const DSA: readonly DsaOperation[] = ['color', 'crop', 'cutout', 'flip', 'scale', 'rotate'];

const augmenters: Readonly<Record<DsaOperation, Augmenter>> = { color, crop, cutout, flip, scale, rotate };

/** One operation with its parameters for every sample of a batch. */
export interface DrawnAugmentation {
  readonly operation: DsaOperation;
  readonly draws: Draws;
}

/**
 * The operations a definition asks for; none is no augmentation.
 *
 * @param flip whether mirrored images keep their class; without it `'dsa'` leaves the flip out
 */
export function resolveAugmentation(augmentation: Augmentation, flip: boolean): readonly DsaOperation[] {
  if (augmentation === 'none') return [];
  if (augmentation !== 'dsa') return augmentation;
  return flip ? DSA : DSA.filter((operation) => operation !== 'flip');
}

/** The operation itself, for checks. */
export function augmenterOf(operation: DsaOperation): Augmenter {
  return augmenters[operation];
}

/** Draws an operation uniformly from the list and its parameters; undefined when the list is empty. */
export function drawAugmentation(
  operations: readonly DsaOperation[],
  stream: Stream,
  count: number,
  shape: ImageShape,
): DrawnAugmentation | undefined {
  if (operations.length === 0) return undefined;
  const operation = operations[stream.integer(operations.length)];
  if (operation === undefined) return undefined;
  return { operation, draws: augmenters[operation].draw(stream, count, shape) };
}

/** The augmented images; the images themselves when nothing was drawn. */
export function augment(
  images: Float32Array,
  drawn: DrawnAugmentation | undefined,
  shape: ImageShape,
): Float32Array {
  return drawn === undefined ? images : augmenters[drawn.operation].apply(images, drawn.draws, shape);
}

/** From the gradient to augmented images to the gradient to the images. */
export function augmentAdjoint(
  gradient: Float32Array,
  drawn: DrawnAugmentation | undefined,
  shape: ImageShape,
): Float32Array {
  return drawn === undefined ? gradient : augmenters[drawn.operation].adjoint(gradient, drawn.draws, shape);
}
