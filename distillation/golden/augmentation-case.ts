/**
 * @file Golden cases of the DSA operations: the augmented images and the adjoint.
 */
import { augmenterOf } from '../augmentation/strategy.js';
import { compare, type Comparison } from './comparison.js';
import { field } from './field.js';
import type { AugmentationCase, Expected } from './folder.js';

export function runAugmentationCase(golden: AugmentationCase, expected: Expected): Comparison[] {
  const augmenter = augmenterOf(golden.op);
  const [, channels = 0, height = 0, width = 0] = expected.shape('x');
  const shape = { channels, height, width };
  const draws = expected.numbered('draw');
  const x = Float32Array.from(expected.values('x'));
  const dy = Float32Array.from(field(x.length, golden['dy stream'], -1, 1));
  return [
    compare('dy', dy, expected.values('dy'), golden.tolerance, 'y'),
    compare('y', augmenter.apply(x, draws, shape), expected.values('y'), golden.tolerance),
    compare('dx', augmenter.adjoint(dy, draws, shape), expected.values('dx'), golden.tolerance),
  ];
}
