/**
 * @file DSA `flip`: mirrors each image left to right with probability one half.
 */
import { drawPerSample, drawsOf, type Augmenter, type Draws } from './augmenter.js';
import type { ImageShape } from '../../networks/spec.js';

/** A permutation that is its own inverse, so it is its own adjoint. */
function mirror(images: Float32Array, draws: Draws, shape: ImageShape): Float32Array {
  const flips = drawsOf(draws, 0);
  const { width } = shape;
  const size = shape.channels * shape.height * width;
  const out = images.slice();
  for (let sample = 0; sample < flips.length; sample++) {
    if ((flips[sample] ?? 1) >= 0.5) continue;
    for (let row = sample * size; row < (sample + 1) * size; row += width)
      for (let column = 0; column < width; column++)
        out[row + column] = images[row + width - 1 - column] ?? 0;
  }
  return out;
}

export const flip: Augmenter = {
  operation: 'flip',
  parameters: ['u < 0.5 flips'],
  draw: (stream, count) => drawPerSample(count, 1, () => stream.uniform()),
  apply: mirror,
  adjoint: mirror,
};
