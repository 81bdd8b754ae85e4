/**
 * @file The layers that networks are written in. A layer brings its parameters with it: the first time a network
 * is run through, they are found out; afterwards, they are those that are given.
 */
import type { GraphBuilder, Node } from '../tensor/graph.js';
import { shapeError, sizeOf, type Shape } from '../tensor/shape.js';
import { filterLast, flattenedFirst } from './layout.js';
import type { BatchStatistics } from './network.js';
import { batchStatistics, normalise, normaliseGroups, normaliseWith } from './normalise.js';

/** Groups of `normalise(…, 'group')`. */
export const groups = 4;

export type Normalisation = 'none' | 'batch' | 'layer' | 'instance' | 'group';

/** How a layer gets a tensor of its own: a parameter, or a running statistic. */
export type Supply = (name: string, shape: Shape) => Node;

export interface ConvolutionOptions {
  readonly filters: number;
  /** Side of the square filter. */
  readonly size: number;
  /** Default 1. */
  readonly stride?: number;
  /** Zeros on every side. Default 0. */
  readonly padding?: number;
  /**
   * Default true. `unused` is for a convolution before a normalisation that subtracts each channel's own mean
   * and the bias with it: it is kept as a parameter, its gradient is exactly zero, and it costs no pass over the
   * activations.
   */
  readonly bias?: boolean | 'unused';
}

/** Layers over NHWC activations `[batch, height, width, channels]`, in one graph. */
export class Layers {
  /**
   * @param graph for operations that are no layers
   * @param parameter a trainable tensor in PyTorch layout; the first mention of a name places it in the snapshot
   * @param onLinear told what each linear layer is given, in turn
   */
  constructor(
    readonly graph: GraphBuilder,
    readonly parameter: Supply,
    private readonly statistic: Supply,
    private readonly statistics: BatchStatistics,
    private readonly onLinear: (input: Node) => void = () => undefined,
  ) {}

  /** `name.weight` [filters, channels, size, size] and `name.bias` [filters]. */
  convolution(name: string, x: Node, options: ConvolutionOptions): Node {
    const { filters, size, stride = 1, padding = 0, bias = true } = options;
    const [, , , channels = 1] = x.shape;
    const weight = this.parameter(`${name}.weight`, [filters, channels, size, size]);
    const result = this.graph.conv2d(x, filterLast(this.graph, weight), { stride, padding });
    if (bias === false) return result;
    const offset = this.parameter(`${name}.bias`, [filters]);
    return bias === 'unused' ? result : this.graph.add(result, offset);
  }

  /**
   * `name.weight` [outputs, inputs] and `name.bias` [outputs]; activations are flattened first, in the order
   * channels, height, width.
   */
  linear(name: string, x: Node, outputs: number): Node {
    this.onLinear(x);
    const inputs = sizeOf(x.shape.slice(1));
    const weight = this.parameter(`${name}.weight`, [outputs, inputs]);
    const bias = this.parameter(`${name}.bias`, [outputs]);
    const product =
      x.shape.length === 2
        ? this.graph.matmul(x, weight, { transposeB: true })
        : flattenedFirst(this.graph, x, weight);
    return this.graph.add(product, bias);
  }

  /**
   * `name.weight` and `name.bias`, [channels], or [channels, height, width] for `layer`; nothing for `none`.
   * Over each channel of an image (`instance`), of the batch (`batch`), over the whole image (`layer`), or over
   * four groups of channels (`group`).
   */
  normalise(name: string, x: Node, kind: Normalisation): Node {
    if (kind === 'none') return x;
    const { graph } = this;
    const [, height = 1, width = 1, channels = 1] = x.shape;
    if (kind === 'group' && channels % groups !== 0) {
      throw shapeError('group normalisation', [x.shape], `${channels} channels do not make ${groups} groups`);
    }
    const shape = kind === 'layer' ? [channels, height, width] : [channels];
    const weight = this.parameter(`${name}.weight`, shape);
    const bias = this.parameter(`${name}.bias`, shape);
    switch (kind) {
      case 'instance':
        return normalise(graph, x, [1, 2], weight, bias);
      case 'batch':
        return this.normaliseBatch(name, x, weight, bias);
      case 'layer': {
        const last = (node: Node): Node => graph.transpose(node, [1, 2, 0]);
        return normalise(graph, x, [1, 2, 3], last(weight), last(bias));
      }
      case 'group':
        return normaliseGroups(graph, x, groups, weight, bias);
    }
  }

  private normaliseBatch(name: string, x: Node, weight: Node, bias: Node): Node {
    const { graph, statistics } = this;
    const shape = [x.shape[3] ?? 1];
    const mean = this.statistic(`${name}.running_mean`, shape);
    const variance = this.statistic(`${name}.running_var`, shape);
    if (statistics.running !== undefined) {
      return normaliseWith(graph, x, { mean, variance }, weight, bias);
    }
    const result = normalise(graph, x, [0, 1, 2], weight, bias);
    if (statistics.observe !== undefined) {
      const observed = batchStatistics(graph, x);
      statistics.observe(observed.mean, observed.variance);
    }
    return result;
  }

  relu(x: Node): Node {
    return this.graph.relu(x);
  }

  /** Square windows side by side; what does not fill one at the edge is dropped. Default size 2. */
  maxPool(x: Node, size = 2): Node {
    return this.graph.maxPool(x, { size, stride: size });
  }

  /** As `maxPool`, with the mean. */
  avgPool(x: Node, size = 2): Node {
    return this.graph.avgPool(x, { size, stride: size });
  }

  /** The mean over height and width, which stay with extent 1. */
  globalAverage(x: Node): Node {
    return this.graph.mean(x, [1, 2]);
  }
}
