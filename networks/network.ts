/**
 * @file A network as data and a function over the graph builder.
 */
import type { ParameterShape } from '../artifacts/trajectory.js';
import type { GraphBuilder, Node } from '../tensor/graph.js';
import type { ImageShape, NetworkSpec } from './spec.js';

export interface Network {
  readonly spec: NetworkSpec;
  readonly input: ImageShape;
  readonly classes: number;
  /** In the order of a snapshot; names and shapes as in the reference implementation (PyTorch layout). */
  readonly parameters: readonly ParameterShape[];
  readonly parameterCount: number;
  /**
   * Adds the forward pass to a graph. `images` is NCHW; `parameters` in order, in PyTorch layout
   * (OIHW filters, [out,in] linear weights). Returns logits [batch, classes].
   */
  forward(graph: GraphBuilder, images: Node, parameters: readonly Node[]): Node;
}
