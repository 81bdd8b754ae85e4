/**
 * @file ConvNet: blocks of convolution, normalisation, activation and pooling, then a linear classifier.
 */
import { DistilleryError } from '../errors/errors.js';
import type { GraphBuilder, Node } from '../tensor/graph.js';
import { networkFrom, type NetworkFunction } from './build.js';
import { groups } from './layers.js';
import type { Network } from './network.js';
import type { ConvNetSpec, ImageShape } from './spec.js';

const leakySlope = 0.01;

function check(spec: ConvNetSpec, input: ImageShape): void {
  const positive = (name: string, value: number): void => {
    if (Number.isInteger(value) && value >= 1) return;
    throw new DistilleryError('InvalidDefinition', `network.${name}: ${value} is not a positive integer`);
  };
  positive('depth', spec.depth);
  positive('width', spec.width);
  if (spec.norm === 'group' && spec.width % groups !== 0) {
    throw new DistilleryError(
      'InvalidDefinition',
      `network.width: group norm has ${groups} groups and needs a multiple of ${groups}, not ${spec.width}`,
    );
  }
  if (spec.pool === 'none') return;
  let [height, width] = [input.height + border(input), input.width + border(input)];
  for (let block = 1; block <= spec.depth; block++) {
    [height, width] = [Math.floor(height / 2), Math.floor(width / 2)];
    if (height >= 1 && width >= 1) continue;
    throw new DistilleryError(
      'InvalidDefinition',
      `network: ConvNet of depth ${spec.depth} halves images of ${input.height}x${input.width} away: ` +
        `block ${block} leaves ${height}x${width}. Use a smaller depth or pool: none.`,
    );
  }
}

/** What the first layer adds to the side of an image. The reference pads grey ones so that 28 becomes 32. */
function border({ channels }: Pick<ImageShape, 'channels'>): number {
  return channels === 1 ? 4 : 0;
}

function activation(g: GraphBuilder, spec: ConvNetSpec, x: Node): Node {
  switch (spec.act) {
    case 'relu':
      return g.relu(x);
    case 'leakyrelu':
      return g.leakyRelu(x, leakySlope);
    case 'sigmoid':
      return g.sigmoid(x);
  }
}

function writeConvNet(spec: ConvNetSpec): NetworkFunction {
  const { depth, width: filters, norm, pool } = spec;
  const layersPerBlock = 2 + (norm !== 'none' ? 1 : 0) + (pool !== 'none' ? 1 : 0);
  const bias = norm === 'instance' || norm === 'batch' ? 'unused' : true;
  return (layers, images, classes) => {
    let x = images;
    for (let block = 0; block < depth; block++) {
      const layer = block * layersPerBlock;
      const padding = 1 + (block === 0 ? border({ channels: images.shape[3] ?? 1 }) / 2 : 0);
      x = layers.convolution(`features.${layer}`, x, { filters, size: 3, padding, bias });
      x = layers.normalise(`features.${layer + 1}`, x, norm);
      x = activation(layers.graph, spec, x);
      if (pool === 'max') x = layers.maxPool(x);
      else if (pool === 'avg') x = layers.avgPool(x);
    }
    return layers.linear('classifier', x, classes);
  };
}

/**
 * @throws DistilleryError `InvalidDefinition` if the images are too small for the depth or the options do not
 * go together.
 */
export function buildConvNet(spec: ConvNetSpec, input: ImageShape, classes: number): Network {
  check(spec, input);
  return networkFrom(writeConvNet(spec), spec, input, classes);
}
