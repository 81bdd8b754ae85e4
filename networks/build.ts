/**
 * @file From a function over layers to a network: runs the function once to find out its parameters.
 */
import type { ParameterShape } from '../artifacts/trajectory.js';
import { DistilleryError } from '../errors/errors.js';
import { GraphBuilder, type Node } from '../tensor/graph.js';
import { formatShape, sameShape, sizeOf, type Shape } from '../tensor/shape.js';
import { Layers, type Supply } from './layers.js';
import { channelsLast } from './layout.js';
import type { Network } from './network.js';
import type { ImageShape, NetworkSpec } from './spec.js';

/**
 * A network as a function: `images` are NHWC, normalised; the result is logits [batch, classes]. It is called
 * more than once and must do the same each time.
 */
export type NetworkFunction = (layers: Layers, images: Node, classes: number) => Node;

/** Collects what a network asks for, in order of first mention. */
class Declarations {
  readonly list: ParameterShape[] = [];

  constructor(private readonly owner: string) {}

  supply(g: GraphBuilder): Supply {
    return (name, shape) => {
      const known = this.list.find((entry) => entry.name === name);
      if (known === undefined) this.list.push({ name, shape });
      else if (!sameShape(known.shape, shape)) {
        throw new DistilleryError(
          'InvalidDefinition',
          `network ${this.owner}: the parameter ${name} is used with the shapes ` +
            `${formatShape(known.shape)} and ${formatShape(shape)}; give one of the layers another name`,
        );
      }
      return g.input(name, shape);
    };
  }
}

/** Supplies given nodes by the names of their declarations. */
function given(owner: string, declared: readonly ParameterShape[], nodes: readonly Node[]): Supply {
  const byName = new Map(declared.map(({ name }, index) => [name, nodes[index]]));
  return (name) => {
    const node = byName.get(name);
    if (node !== undefined) return node;
    throw new DistilleryError('InvalidDefinition', `network ${owner}: the parameter ${name} is not given`);
  };
}

/** How messages call a network. */
export function networkName(spec: NetworkSpec): string {
  return spec.architecture === 'custom' ? spec.name : spec.architecture;
}

/**
 * @throws DistilleryError `InvalidDefinition` if the images do not fit the layers, or the function returns
 * something other than logits.
 */
export function networkFrom(
  write: NetworkFunction,
  spec: NetworkSpec,
  input: ImageShape,
  classes: number,
): Network {
  const owner = networkName(spec);
  const parameters = new Declarations(owner);
  const statistics = new Declarations(owner);
  const g = new GraphBuilder();
  const batch = 2;
  const shape: Shape = [batch, input.height, input.width, input.channels];
  const layers = new Layers(g, parameters.supply(g), statistics.supply(g), {});
  const logits = write(layers, g.input('images', shape), classes);
  if (!sameShape(logits.shape, [batch, classes])) {
    throw new DistilleryError(
      'InvalidDefinition',
      `network ${owner}: gives ${formatShape(logits.shape)} for ${batch} images; ` +
        `logits for ${classes} classes are ${formatShape([batch, classes])}`,
    );
  }
  const run: (...of: [...Parameters<Network['forward']>, ((input: Node) => void)?]) => Node = (
    graph,
    images,
    nodes,
    batchStatistics = {},
    onLinear?,
  ) => {
    const supply = given(owner, parameters.list, nodes);
    const { running } = batchStatistics;
    const statistic: Supply =
      // Not used: those of the batch are.
      running === undefined ? (_, of) => graph.constant(0, of) : given(owner, statistics.list, running);
    const layersOf = new Layers(graph, supply, statistic, batchStatistics, onLinear);
    return write(layersOf, channelsLast(graph, images), classes);
  };
  return {
    spec,
    input,
    classes,
    parameters: parameters.list,
    parameterCount: parameters.list.reduce((count, entry) => count + sizeOf(entry.shape), 0),
    statistics: statistics.list,
    forward: (graph, images, nodes, batchStatistics) => run(graph, images, nodes, batchStatistics),
    features(graph, images, nodes) {
      const inputs: Node[] = [];
      run(graph, images, nodes, {}, (node) => inputs.push(node));
      const last = inputs.at(-1);
      if (last !== undefined) return graph.reshape(last, [last.shape[0] ?? 1, sizeOf(last.shape.slice(1))]);
      throw new DistilleryError(
        'InvalidDefinition',
        `network ${owner}: has no linear layer, so what it classifies by is not known`,
      );
    },
  };
}
