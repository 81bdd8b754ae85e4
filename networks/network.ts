/**
 * @file A network as data and a function over the graph builder.
 */
import type { ParameterShape } from '../artifacts/trajectory.js';
import type { GraphBuilder, Node } from '../tensor/graph.js';
import type { ImageShape, NetworkSpec } from './spec.js';

/** Where batch normalisation takes its means and variances from; by default from the batch at hand. */
export interface BatchStatistics {
  /** In place of those of the batch, in the order of `Network.statistics`: for testing. */
  readonly running?: readonly Node[];
  /** Told those of the batch, in the same order: the variance unbiased, both [channels]. */
  readonly observe?: (mean: Node, variance: Node) => void;
}

export interface Network {
  readonly spec: NetworkSpec;
  readonly input: ImageShape;
  readonly classes: number;
  /** In the order of a snapshot; names and shapes as in the reference implementation (PyTorch layout). */
  readonly parameters: readonly ParameterShape[];
  readonly parameterCount: number;
  /**
   * The running mean and variance of each batch normalisation, in turn. State of a training, but no
   * parameters: they are not in a snapshot and no gradient reaches them. Empty without batch normalisation.
   */
  readonly statistics: readonly ParameterShape[];
  /**
   * Adds the forward pass to a graph. `images` is NCHW; `parameters` in order, in PyTorch layout
   * (OIHW filters, [out,in] linear weights). Returns logits [batch, classes].
   */
  forward(graph: GraphBuilder, images: Node, parameters: readonly Node[], statistics?: BatchStatistics): Node;
  /**
   * As `forward`, but returns what the last linear layer is given: the features [batch, size] that the network
   * classifies by. Their order is the network's own.
   *
   * @throws DistilleryError `InvalidDefinition` if the network has no linear layer
   */
  features(graph: GraphBuilder, images: Node, parameters: readonly Node[]): Node;
}
