/**
 * @file Normalisation layers: statistics over some axes of NHWC activations, then an affine map.
 */
import type { GraphBuilder, Node } from '../tensor/graph.js';

const epsilon = 1e-5;

/** `(x - mean) / sqrt(var + eps) * weight + bias`, with mean and biased variance over `axes`. */
export function normalise(g: GraphBuilder, x: Node, axes: readonly number[], weight: Node, bias: Node): Node {
  const centred = g.sub(x, g.mean(x, axes));
  const variance = g.mean(g.mul(centred, centred), axes);
  const gain = g.mul(g.rsqrt(g.addScalar(variance, epsilon)), weight);
  return g.add(g.mul(centred, gain), bias);
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
