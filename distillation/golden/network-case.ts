/**
 * @file Golden cases of networks: logits, loss, and every first-order gradient by its norm and one projection.
 */
import { oneHot } from '../batches.js';
import type { NetworkPrograms } from '../network-programs.js';
import { compare, type Comparison } from './comparison.js';
import { field, goldenParameters, sizeOf } from './field.js';
import type { Expected, NetworkCase } from './folder.js';

export function runNetworkCase(
  golden: NetworkCase,
  expected: Expected,
  programs: NetworkPrograms,
): Comparison[] {
  const { input, labels, classes, tolerance } = golden;
  const { parameters } = programs.network;
  const described = JSON.stringify(golden.parameters);
  if (described !== JSON.stringify(parameters.map(({ name, shape }) => ({ name, shape }))))
    return [{ tensor: 'parameters', relativeError: Infinity, tolerance: 0 }];

  const images = Float32Array.from(field(sizeOf(input.shape), input.stream, input.lo, input.hi));
  const theta = programs.upload(goldenParameters(parameters));
  const batch = { images, count: labels.length, targets: oneHot(labels, classes) };
  const gradients = programs.gradients(theta, batch);
  const forward = programs.logits(theta, images, batch.count);
  programs.release(theta);

  const slopes = [gradients.images, ...gradients.parameters];
  const norms = slopes.map((slope) => Math.sqrt(dot(slope, slope)));
  const projections = slopes.map((slope, index) => dot(slope, field(slope.length, 5000 + index, -1, 1)));
  return [
    compare('logits', forward, expected.values('logits'), tolerance),
    compare('loss', [gradients.loss], expected.values('loss'), tolerance),
    compare('grad_norm', norms, expected.values('grad_norm'), tolerance),
    compare('grad_dot', projections, expected.values('grad_dot'), tolerance),
  ];
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
