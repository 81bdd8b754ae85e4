/**
 * @file What a distillation is at one moment: everything that the next iteration depends on.
 */
import type { MatchHistory } from './match-history.js';

/** One value per finished iteration. */
export interface DistillHistory {
  /** Mean over the matches of the iteration. */
  readonly loss: Float64Array;
  /** The learned rate after the iteration's update. */
  readonly alpha: Float64Array;
  /** `|dL/dX|`; 0 where every match was skipped. */
  readonly gradientNorm: Float64Array;
  /** Of the single matches, where experts are matched. */
  readonly matches?: MatchHistory;
}

/** Everything that the next iteration depends on, and what the finished ones reported. */
export interface DistillState {
  /** Finished iterations. */
  readonly iteration: number;
  /** `[classes * ipc, channels, height, width]`, as trained on. */
  readonly images: Float32Array;
  readonly imageVelocity: Float32Array;
  /** Of what is learned by Adam: the running mean of the squared slopes. */
  readonly imageSquares?: Float32Array;
  readonly alpha: number;
  readonly alphaVelocity: number;
  /** With learned labels, `[classes * ipc, classes]`: their logits, or for kip the labels themselves, and the velocity. */
  readonly labelLogits?: Float32Array;
  readonly labelVelocity?: Float32Array;
  readonly labelSquares?: Float32Array;
  /** With a decay: the running average of the images. */
  readonly averagedImages?: Float32Array;
  readonly history: DistillHistory;
}

/**
 * The state before the first iteration.
 *
 * @param labelLogits where learned labels start; none when they are fixed
 * @param averaged whether a running average of the images is kept, which starts at the images
 * @param squared whether all is learned by Adam
 */
export function initialDistillState(
  images: Float32Array,
  alpha: number,
  {
    labelLogits,
    averaged = false,
    squared = false,
  }: { labelLogits?: Float32Array | undefined; averaged?: boolean; squared?: boolean } = {},
): DistillState {
  return {
    iteration: 0,
    images,
    imageVelocity: new Float32Array(images.length),
    alpha,
    alphaVelocity: 0,
    ...(labelLogits && { labelLogits, labelVelocity: new Float32Array(labelLogits.length) }),
    ...(squared && { imageSquares: new Float32Array(images.length) }),
    ...(squared && labelLogits && { labelSquares: new Float32Array(labelLogits.length) }),
    ...(averaged && { averagedImages: images }),
    history: { loss: new Float64Array(), alpha: new Float64Array(), gradientNorm: new Float64Array() },
  };
}
