/**
 * @file Pictures brought to one size as the published runs do it: the shortest side scaled, a square cut out
 * of the middle. The filter is a triangle as wide as the scale, in the fixed-point numbers of Pillow's bilinear
 * resize; a value on the border between two bytes may still fall to the other side.
 */
import type { Picture } from './picture.js';

const channels = 3;
/** Weights are multiples of 2^-22. */
const unit = 2 ** 22;

/** A square picture of that side. */
export function resizeAndCrop(picture: Picture, side: number): Picture {
  const { width, height } = picture;
  const short = Math.min(width, height);
  const scaled = (length: number): number => (length === short ? side : Math.floor((side * length) / short));
  const wide = scaled(width);
  const high = scaled(height);
  const across = scaleRows(picture.pixels, width, height, wide);
  // Columns are scaled as rows of the turned picture.
  const down = scaleRows(transpose(across, wide, height), height, wide, high);
  return crop({ ...picture, width: wide, height: high, pixels: transpose(down, high, wide) }, side);
}

function crop({ width, height, colour, pixels }: Picture, side: number): Picture {
  const left = roundHalfEven((width - side) / 2);
  const top = roundHalfEven((height - side) / 2);
  const cut = new Uint8Array(side * side * channels);
  for (let y = 0; y < side; y += 1) {
    const begin = ((top + y) * width + left) * channels;
    cut.set(pixels.subarray(begin, begin + side * channels), y * side * channels);
  }
  return { width: side, height: side, colour, pixels: cut };
}

function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + (below % 2) : Math.round(value);
}

interface Taps {
  readonly first: number;
  /** Times 2^22. */
  readonly weights: Float64Array;
}

/** What of a line of `from` pixels goes into each of `to` pixels. */
function tapsFor(from: number, to: number): Taps[] {
  const scale = from / to;
  const reach = Math.max(scale, 1);
  return Array.from({ length: to }, (_, position) => {
    const centre = (position + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(from, Math.trunc(centre + reach + 0.5));
    const weights = Float64Array.from({ length: end - first }, (__, i) =>
      Math.max(0, 1 - Math.abs((first + i - centre + 0.5) / reach)),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => Math.floor((weight / sum) * unit + 0.5)) };
  });
}

function scaleRows(pixels: Uint8Array, width: number, height: number, to: number): Uint8Array {
  if (to === width) return pixels;
  const taps = tapsFor(width, to);
  const scaled = new Uint8Array(to * height * channels);
  for (let y = 0; y < height; y += 1) {
    taps.forEach(({ first, weights }, x) => {
      for (let channel = 0; channel < channels; channel += 1) {
        let sum = unit / 2;
        for (let i = 0; i < weights.length; i += 1) {
          sum += (weights[i] ?? 0) * (pixels[(y * width + first + i) * channels + channel] ?? 0);
        }
        scaled[(y * to + x) * channels + channel] = Math.min(255, Math.floor(sum / unit));
      }
    });
  }
  return scaled;
}

function transpose(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const turned = new Uint8Array(pixels.length);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const from = (y * width + x) * channels;
      const to = (x * height + y) * channels;
      for (let channel = 0; channel < channels; channel += 1)
        turned[to + channel] = pixels[from + channel] ?? 0;
    }
  }
  return turned;
}
