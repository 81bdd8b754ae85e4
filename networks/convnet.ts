/**
 * @file ConvNet: blocks of convolution, normalisation, activation and pooling, then a linear classifier.
 */
import type { ParameterShape } from '../artifacts/trajectory.js';
import { DistilleryError } from '../errors/errors.js';
import type { GraphBuilder, Node } from '../tensor/graph.js';
import { sizeOf } from '../tensor/shape.js';
import { channelsLast, classify, filterLast } from './layout.js';
import type { Network } from './network.js';
import { normalise, normaliseGroups } from './normalise.js';
import type { ConvNetSpec, ImageShape } from './spec.js';

const groups = 4;
const leakySlope = 0.01;

/** One block with its sizes worked out. */
interface Block {
  readonly inputs: number;
  readonly padding: number;
  /** After the convolution, before pooling. */
  readonly height: number;
  readonly width: number;
  readonly convolutionName: string;
  readonly normName: string;
}

function layOut(spec: ConvNetSpec, input: ImageShape): { blocks: Block[]; features: ImageShape } {
  const pooling = spec.pool !== 'none';
  const layersPerBlock = 2 + (spec.norm !== 'none' ? 1 : 0) + (pooling ? 1 : 0);
  const blocks: Block[] = [];
  let { channels, height, width } = input;
  for (let index = 0; index < spec.depth; index++) {
    // The reference pads its first layer by 3 for grey images, so that 28 becomes 32.
    const padding = index === 0 && input.channels === 1 ? 3 : 1;
    height += 2 * (padding - 1);
    width += 2 * (padding - 1);
    blocks.push({
      inputs: channels,
      padding,
      height,
      width,
      convolutionName: `features.${index * layersPerBlock}`,
      normName: `features.${index * layersPerBlock + 1}`,
    });
    channels = spec.width;
    if (pooling) [height, width] = [Math.floor(height / 2), Math.floor(width / 2)];
    if (height < 1 || width < 1) {
      throw new DistilleryError(
        'InvalidDefinition',
        `network: ConvNet of depth ${spec.depth} halves images of ${input.height}x${input.width} away: ` +
          `block ${index + 1} leaves ${height}x${width}. Use a smaller depth or pool: none.`,
      );
    }
  }
  return { blocks, features: { channels, height, width } };
}

function check(spec: ConvNetSpec): void {
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
}

function listParameters(
  spec: ConvNetSpec,
  blocks: readonly Block[],
  features: ImageShape,
  classes: number,
): ParameterShape[] {
  const parameters: ParameterShape[] = [];
  for (const block of blocks) {
    const { convolutionName, normName } = block;
    parameters.push(
      { name: `${convolutionName}.weight`, shape: [spec.width, block.inputs, 3, 3] },
      { name: `${convolutionName}.bias`, shape: [spec.width] },
    );
    if (spec.norm === 'none') continue;
    const shape = spec.norm === 'layer' ? [spec.width, block.height, block.width] : [spec.width];
    parameters.push({ name: `${normName}.weight`, shape }, { name: `${normName}.bias`, shape });
  }
  const inputs = features.channels * features.height * features.width;
  parameters.push(
    { name: 'classifier.weight', shape: [classes, inputs] },
    { name: 'classifier.bias', shape: [classes] },
  );
  return parameters;
}

function normalisation(g: GraphBuilder, spec: ConvNetSpec, x: Node, weight: Node, bias: Node): Node {
  switch (spec.norm) {
    case 'none':
      return x;
    case 'instance':
      return normalise(g, x, [1, 2], weight, bias);
    // Statistics of the batch at hand, in evaluation too, as the reference does.
    case 'batch':
      return normalise(g, x, [0, 1, 2], weight, bias);
    case 'layer':
      return normalise(g, x, [1, 2, 3], g.transpose(weight, [1, 2, 0]), g.transpose(bias, [1, 2, 0]));
    case 'group':
      return normaliseGroups(g, x, groups, weight, bias);
  }
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

function pool(g: GraphBuilder, spec: ConvNetSpec, x: Node): Node {
  switch (spec.pool) {
    case 'none':
      return x;
    case 'max':
      return g.maxPool(x, { size: 2, stride: 2 });
    case 'avg':
      return g.avgPool(x, { size: 2, stride: 2 });
  }
}

/**
 * @throws DistilleryError `InvalidDefinition` if the images are too small for the depth or the options do not
 * go together.
 */
export function buildConvNet(spec: ConvNetSpec, input: ImageShape, classes: number): Network {
  check(spec);
  const { blocks, features } = layOut(spec, input);
  const parameters = listParameters(spec, blocks, features, classes);
  // A norm that subtracts each channel's own mean takes a bias before it out again: the bias is kept as a
  // parameter, whose gradient is exactly zero, and costs no pass over the activations.
  const biasMatters = spec.norm !== 'instance' && spec.norm !== 'batch';
  return {
    spec,
    input,
    classes,
    parameters,
    parameterCount: parameters.reduce((count, { shape }) => count + sizeOf(shape), 0),
    forward(g, images, parameterNodes) {
      const byName = new Map(parameters.map(({ name }, index) => [name, parameterNodes[index]]));
      const parameter = (name: string): Node => {
        const node = byName.get(name);
        if (node === undefined) {
          throw new DistilleryError('InvalidDefinition', `network: the parameter ${name} is not given`);
        }
        return node;
      };
      let x = channelsLast(g, images);
      for (const { convolutionName, normName, padding } of blocks) {
        x = g.conv2d(x, filterLast(g, parameter(`${convolutionName}.weight`)), { padding });
        if (biasMatters) x = g.add(x, parameter(`${convolutionName}.bias`));
        if (spec.norm !== 'none') {
          x = normalisation(g, spec, x, parameter(`${normName}.weight`), parameter(`${normName}.bias`));
        }
        x = pool(g, spec, activation(g, spec, x));
      }
      return classify(g, x, parameter('classifier.weight'), parameter('classifier.bias'));
    },
  };
}
