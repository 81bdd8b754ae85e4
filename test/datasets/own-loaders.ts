/**
 * @file A module of loaders as the owner of a worker writes it; docs/datasets.md shows it.
 */
import type { DatasetLoaders } from 'distillery';

/** Bright squares in one of four corners: the class is the corner. */
function corners(count: number): Float32Array {
  const images = new Float32Array(count * 64);
  for (let image = 0; image < count; image += 1) {
    const [top, left] = [4 * Math.floor((image % 4) / 2), 4 * (image % 2)];
    for (let y = 0; y < 4; y += 1)
      for (let x = 0; x < 4; x += 1) images[image * 64 + (top + y) * 8 + left + x] = 0.5 + (image % 5) / 10;
  }
  return images;
}

export default {
  corners: () => {
    const split = (count: number) => ({
      shape: { channels: 1, height: 8, width: 8 },
      labels: Array.from({ length: count }, (_, image) => image % 4),
      images: corners(count),
    });
    return { train: split(40), test: split(8), classNames: ['a', 'b', 'c', 'd'], flip: false };
  },
} satisfies DatasetLoaders;
