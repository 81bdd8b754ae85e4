/**
 * @file DSA `cutout`: sets a square of half the side to zero.
 */
import { drawPerSample, drawsOf, type Augmenter, type Draws } from './augmenter.js';
import type { ImageShape } from '../../networks/spec.js';

const holeSize = (side: number): number => Math.floor(side * 0.5 + 0.5);

/** First and last pixel of a hole; a hole that sticks out is clamped onto the border pixels, as published. */
function hole(offset: number, side: number): readonly [number, number] {
  const size = holeSize(side);
  const clamp = (pixel: number): number => Math.min(Math.max(pixel, 0), side - 1);
  const start = offset - Math.floor(size / 2);
  return [clamp(start), clamp(start + size - 1)];
}

/** A diagonal 0/1 map, so it is its own adjoint. */
function mask(images: Float32Array, draws: Draws, shape: ImageShape): Float32Array {
  const rowOffsets = drawsOf(draws, 0);
  const columnOffsets = drawsOf(draws, 1);
  const { channels, height, width } = shape;
  const out = images.slice();
  for (let sample = 0; sample < rowOffsets.length; sample++) {
    const [top, bottom] = hole(rowOffsets[sample] ?? 0, height);
    const [left, right] = hole(columnOffsets[sample] ?? 0, width);
    for (let channel = 0; channel < channels; channel++) {
      const base = (sample * channels + channel) * height * width;
      for (let row = top; row <= bottom; row++)
        out.fill(0, base + row * width + left, base + row * width + right + 1);
    }
  }
  return out;
}

export const cutout: Augmenter = {
  operation: 'cutout',
  parameters: ['offset rows', 'offset columns'],
  draw: (stream, count, { height, width }) =>
    drawPerSample(count, 2, (parameter) => {
      const side = parameter === 0 ? height : width;
      return stream.integer(side + (1 - (holeSize(side) % 2)));
    }),
  apply: mask,
  adjoint: mask,
};
