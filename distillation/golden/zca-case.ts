/**
 * @file Golden case of ZCA whitening.
 */
import { fitWhitening, whiten } from '../zca.js';
import { compare, type Comparison } from './comparison.js';
import type { Expected, ZcaCase } from './folder.js';

export function runZcaCase({ eps, tolerance }: ZcaCase, expected: Expected): Comparison[] {
  const x = expected.values('x');
  const whitening = fitWhitening(x, expected.values('mean').length, eps);
  return [
    compare('mean', whitening.mean, expected.values('mean'), tolerance),
    compare('T', whitening.transform, expected.values('T'), tolerance),
    compare('T_inverse', whitening.inverse, expected.values('T_inverse'), tolerance),
    compare('whitened', whiten(Float32Array.from(x), whitening), expected.values('whitened'), tolerance),
  ];
}
