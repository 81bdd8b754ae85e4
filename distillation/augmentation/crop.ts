/**
 * @file DSA `crop`: shifts each image by whole pixels and fills with zeros.
 */
import { drawPerSample, drawsOf, type Augmenter, type Draws } from './augmenter.js';
import type { ImageShape } from '../../networks/spec.js';

/** Largest shift along a side. */
const reach = (side: number): number => Math.floor(side * 0.125 + 0.5);

/** `out[row, column] = images[row + sign * rows, column + sign * columns]`, zero outside. */
function shift(images: Float32Array, draws: Draws, shape: ImageShape, sign: 1 | -1): Float32Array {
  const rowShifts = drawsOf(draws, 0);
  const columnShifts = drawsOf(draws, 1);
  const { channels, height, width } = shape;
  const out = new Float32Array(images.length);
  for (let sample = 0; sample < rowShifts.length; sample++) {
    const rows = sign * (rowShifts[sample] ?? 0);
    const columns = sign * (columnShifts[sample] ?? 0);
    const firstRow = Math.max(0, -rows);
    const lastRow = Math.min(height, height - rows);
    const firstColumn = Math.max(0, -columns);
    const lastColumn = Math.min(width, width - columns);
    for (let channel = 0; channel < channels; channel++) {
      const base = (sample * channels + channel) * height * width;
      for (let row = firstRow; row < lastRow; row++) {
        const to = base + row * width;
        const from = base + (row + rows) * width + columns;
        for (let column = firstColumn; column < lastColumn; column++)
          out[to + column] = images[from + column] ?? 0;
      }
    }
  }
  return out;
}

export const crop: Augmenter = {
  operation: 'crop',
  parameters: ['shift rows', 'shift columns'],
  draw: (stream, count, { height, width }) => {
    const reaches = [reach(height), reach(width)];
    return drawPerSample(count, 2, (parameter) => {
      const most = reaches[parameter] ?? 0;
      return stream.integer(2 * most + 1) - most;
    });
  },
  apply: (images, draws, shape) => shift(images, draws, shape, 1),
  adjoint: (gradient, draws, shape) => shift(gradient, draws, shape, -1),
};
