/**
 * @file Small data sets in the binary format of CIFAR.
 */
import type { LabelledImages } from '../../datasets/dataset.js';

/** Records as published: for CIFAR-100 the coarse label first, here a fifth of the fine one. */
export function cifarBytes({ labels, images }: LabelledImages, variant: 10 | 100): Uint8Array {
  const size = 3 * 32 * 32;
  const records = Array.from(labels, (label, index) =>
    Buffer.concat([
      Uint8Array.from(variant === 10 ? [label] : [Math.floor(label / 5), label]),
      images.subarray(index * size, (index + 1) * size),
    ]),
  );
  return new Uint8Array(Buffer.concat(records));
}
