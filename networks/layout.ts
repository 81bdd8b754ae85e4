/**
 * @file Between the layout the world sees (PyTorch's: NCHW images, OIHW filters, [out,in] matrices) and the
 * one convolutions run in (NHWC, HWIO).
 */
import type { GraphBuilder, Node } from '../tensor/graph.js';

/** NCHW -> NHWC. */
export function channelsLast(g: GraphBuilder, images: Node): Node {
  return g.transpose(images, [0, 2, 3, 1]);
}

/** OIHW -> HWIO. */
export function filterLast(g: GraphBuilder, filter: Node): Node {
  return g.transpose(filter, [2, 3, 1, 0]);
}

/**
 * The product of NHWC features, as if they had been flattened in NCHW order, with a matrix [out,in]. The matrix
 * is brought into the order of the features, not the features into that of the matrix: it is mostly the smaller.
 */
export function flattenedFirst(g: GraphBuilder, features: Node, weight: Node): Node {
  const [n = 1, h = 1, w = 1, c = 1] = features.shape;
  const [out = 1] = weight.shape;
  const ordered = g.transpose(g.reshape(weight, [out, c, h, w]), [0, 2, 3, 1]);
  const flat = g.reshape(features, [n, h * w * c]);
  return g.matmul(flat, g.reshape(ordered, [out, h * w * c]), { transposeB: true });
}
