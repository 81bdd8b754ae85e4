/**
 * @file DSA `color`: brightness, then saturation, then contrast.
 */
import { drawPerSample, drawsOf, type Augmenter, type Draws } from './augmenter.js';
import type { ImageShape } from '../../networks/spec.js';

/**
 * Saturation `S = a I + (1 - a) P` and contrast `C = k I + (1 - k) Q` move pixels towards the mean over channels
 * (P) and over the whole image (Q). Both are symmetric, they commute (QP = PQ = Q), and a constant image passes
 * unchanged, so the operation is `C S x + brightness` and the adjoint is `C S` again.
 */
function contrastOfSaturation(
  images: Float32Array,
  draws: Draws,
  shape: ImageShape,
  brightness: (sample: number) => number,
): Float32Array {
  const saturations = drawsOf(draws, 1);
  const contrasts = drawsOf(draws, 2);
  const { channels } = shape;
  const plane = shape.height * shape.width;
  const size = channels * plane;
  const out = new Float32Array(images.length);
  for (let sample = 0; sample < contrasts.length; sample++) {
    const base = sample * size;
    const a = 2 * (saturations[sample] ?? 0);
    const k = (contrasts[sample] ?? 0) + 0.5;
    let sum = 0;
    for (let i = base; i < base + size; i++) sum += images[i] ?? 0;
    const offset = (1 - k) * (sum / size) + brightness(sample);
    for (let pixel = base; pixel < base + plane; pixel++) {
      let pixelSum = 0;
      for (let i = pixel; i < pixel + size; i += plane) pixelSum += images[i] ?? 0;
      const constant = k * (1 - a) * (pixelSum / channels) + offset;
      for (let i = pixel; i < pixel + size; i += plane) out[i] = k * a * (images[i] ?? 0) + constant;
    }
  }
  return out;
}

export const color: Augmenter = {
  operation: 'color',
  parameters: ['brightness u', 'saturation u', 'contrast u'],
  draw: (stream, count) => drawPerSample(count, 3, () => stream.uniform()),
  apply: (images, draws, shape) => {
    const brightness = drawsOf(draws, 0);
    return contrastOfSaturation(images, draws, shape, (sample) => (brightness[sample] ?? 0) - 0.5);
  },
  adjoint: (gradient, draws, shape) => contrastOfSaturation(gradient, draws, shape, () => 0),
};
