/**
 * @file Normalisation layers: statistics over some axes of NHWC activations, then an affine map.
 */
import type { GraphBuilder, Node } from '../tensor/graph.js';
import { sizeOf } from '../tensor/shape.js';

const epsilon = 1e-5;

/** `(x - mean) / sqrt(var + eps) * weight + bias`, with mean and biased variance over `axes`. */
export function normalise(g: GraphBuilder, x: Node, axes: readonly number[], weight: Node, bias: Node): Node {
  const centred = g.sub(x, g.mean(x, axes));
  const variance = g.mean(g.mul(centred, centred), axes);
  return standardise(g, centred, variance, weight, bias);
}

/** The same with a mean and a variance that are given. */
export function normaliseWith(
  g: GraphBuilder,
  x: Node,
  { mean, variance }: { readonly mean: Node; readonly variance: Node },
  weight: Node,
  bias: Node,
): Node {
  return standardise(g, g.sub(x, mean), variance, weight, bias);
}

function standardise(g: GraphBuilder, centred: Node, variance: Node, weight: Node, bias: Node): Node {
  const gain = g.mul(g.rsqrt(g.addScalar(variance, epsilon)), weight);
  return g.add(g.mul(centred, gain), bias);
}

/**
 * Mean and unbiased variance of each channel over a batch, [channels] both: what running averages are made of.
 * Of the nodes that `normalise` makes as well, so that they cost no pass of their own.
 */
export function batchStatistics(g: GraphBuilder, x: Node): { mean: Node; variance: Node } {
  const axes = [0, 1, 2];
  const channels = [x.shape[3] ?? 1];
  const mean = g.mean(x, axes);
  const centred = g.sub(x, mean);
  const count = sizeOf(x.shape) / sizeOf(channels);
  // A single value has no unbiased variance; its biased one is 0.
  const correction = count > 1 ? count / (count - 1) : 1;
  const variance = g.scale(g.mean(g.mul(centred, centred), axes), correction);
  return { mean: g.reshape(mean, channels), variance: g.reshape(variance, channels) };
}

/** Group normalisation: each image's channels in `groups` consecutive groups, affine per channel. */
export function normaliseGroups(g: GraphBuilder, x: Node, groups: number, weight: Node, bias: Node): Node {
  const [n = 1, h = 1, w = 1, c = 1] = x.shape;
  const perGroup = [groups, c / groups];
  const grouped = g.reshape(x, [n, h, w, ...perGroup]);
  const normalised = normalise(
    g,
    grouped,
    [1, 2, 4],
    g.reshape(weight, [1, 1, 1, ...perGroup]),
    g.reshape(bias, [1, 1, 1, ...perGroup]),
  );
  return g.reshape(normalised, x.shape);
}
