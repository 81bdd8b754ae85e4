/**
 * @file Bilinear sampling on an affine grid with corners aligned and zeros outside, and its adjoint.
 */
import type { ImageShape } from '../../networks/spec.js';

/**
 * A 2x2 matrix per sample, row-major `[xx, xy, yx, yy]`: the pixel at `(x, y)` is read from
 * `(xx x + xy y, yx x + yy y)`, where the centres of the corner pixels lie at -1 and 1.
 */
export type AffineMatrices = Float64Array;

/** Position of the pixels of a side in [-1, 1]; a single pixel lies in the middle. */
function grid(side: number): Float64Array {
  const positions = new Float64Array(side);
  if (side > 1) for (let i = 0; i < side; i++) positions[i] = -1 + (2 * i) / (side - 1);
  return positions;
}

/**
 * Both maps walk the same pixels with the same four weights: `gather` reads the neighbours of a place into the
 * pixel, `scatter` adds the pixel back to the neighbours.
 */
function resample(
  input: Float32Array,
  matrices: AffineMatrices,
  { channels, height, width }: ImageShape,
  direction: 'gather' | 'scatter',
): Float32Array {
  const out = new Float32Array(input.length);
  const gather = direction === 'gather';
  const xs = grid(width);
  const ys = grid(height);
  const plane = height * width;
  const samples = matrices.length / 4;
  for (let sample = 0; sample < samples; sample++) {
    const xx = matrices[4 * sample] ?? 0;
    const xy = matrices[4 * sample + 1] ?? 0;
    const yx = matrices[4 * sample + 2] ?? 0;
    const yy = matrices[4 * sample + 3] ?? 0;
    const base = sample * channels * plane;
    for (let row = 0; row < height; row++) {
      const y = ys[row] ?? 0;
      for (let column = 0; column < width; column++) {
        const x = xs[column] ?? 0;
        const sourceX = ((xx * x + xy * y + 1) / 2) * (width - 1);
        const sourceY = ((yx * x + yy * y + 1) / 2) * (height - 1);
        const left = Math.floor(sourceX);
        const top = Math.floor(sourceY);
        if (left < -1 || left >= width || top < -1 || top >= height) continue;
        const wx = sourceX - left;
        const wy = sourceY - top;
        const hasLeft = left >= 0;
        const hasRight = left + 1 < width;
        const hasTop = top >= 0;
        const hasBottom = top + 1 < height;
        const topLeft = hasTop && hasLeft ? (1 - wy) * (1 - wx) : 0;
        const topRight = hasTop && hasRight ? (1 - wy) * wx : 0;
        const bottomLeft = hasBottom && hasLeft ? wy * (1 - wx) : 0;
        const bottomRight = hasBottom && hasRight ? wy * wx : 0;
        // Places outside have weight 0; their index only has to stay inside the array.
        const upper = Math.max(top, 0) * width;
        const lower = Math.min(top + 1, height - 1) * width;
        const near = Math.max(left, 0);
        const far = Math.min(left + 1, width - 1);
        for (let channel = base; channel < base + channels * plane; channel += plane) {
          const pixel = channel + row * width + column;
          const a = channel + upper + near;
          const b = channel + upper + far;
          const c = channel + lower + near;
          const d = channel + lower + far;
          if (gather) {
            out[pixel] =
              topLeft * (input[a] ?? 0) +
              topRight * (input[b] ?? 0) +
              bottomLeft * (input[c] ?? 0) +
              bottomRight * (input[d] ?? 0);
          } else {
            const value = input[pixel] ?? 0;
            out[a] = (out[a] ?? 0) + topLeft * value;
            out[b] = (out[b] ?? 0) + topRight * value;
            out[c] = (out[c] ?? 0) + bottomLeft * value;
            out[d] = (out[d] ?? 0) + bottomRight * value;
          }
        }
      }
    }
  }
  return out;
}

/** The images sampled at the transformed grid. */
export function sampleAffine(
  images: Float32Array,
  matrices: AffineMatrices,
  shape: ImageShape,
): Float32Array {
  return resample(images, matrices, shape, 'gather');
}

/** The adjoint of {@link sampleAffine} in the images. */
export function sampleAffineAdjoint(
  gradient: Float32Array,
  matrices: AffineMatrices,
  shape: ImageShape,
): Float32Array {
  return resample(gradient, matrices, shape, 'scatter');
}
