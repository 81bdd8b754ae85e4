/**
 * @file From what a definition says to a network.
 */
import { DistilleryError } from '../errors/errors.js';
import { alexNet } from './alexnet.js';
import { networkFrom } from './build.js';
import { buildConvNet } from './convnet.js';
import { customNetwork } from './custom.js';
import { leNet } from './lenet.js';
import type { Network } from './network.js';
import { perceptron } from './perceptron.js';
import { resNet18 } from './resnet.js';
import type { ImageShape, NetworkSpec } from './spec.js';
import { vgg11 } from './vgg.js';

type Architecture = NetworkSpec['architecture'];
type SpecOf<A extends Architecture> = Extract<NetworkSpec, { architecture: A }>;
type Builder<S extends NetworkSpec> = (spec: S, input: ImageShape, classes: number) => Network;

const builders: { readonly [A in Architecture]: Builder<SpecOf<A>> } = {
  ConvNet: buildConvNet,
  MLP: (...of) => networkFrom(perceptron, ...of),
  LeNet: (...of) => networkFrom(leNet, ...of),
  AlexNet: (...of) => networkFrom(alexNet, ...of),
  VGG11: (spec, ...of) => networkFrom(vgg11(spec), spec, ...of),
  ResNet18: (spec, ...of) => networkFrom(resNet18(spec), spec, ...of),
  ResNet18_AP: (spec, ...of) => networkFrom(resNet18(spec), spec, ...of),
  custom: (spec, ...of) => networkFrom(customNetwork(spec), spec, ...of),
};

/** The architectures there are, for messages and schemas. */
export const architectures = Object.keys(builders) as readonly Architecture[];

/**
 * @throws DistilleryError `InvalidDefinition` if the architecture is unknown, or its options do not fit each
 * other or the images.
 */
export function buildNetwork(spec: NetworkSpec, input: ImageShape, classes: number): Network {
  const name: string = spec.architecture;
  if (!Object.hasOwn(builders, name)) {
    throw new DistilleryError(
      'InvalidDefinition',
      `network.architecture: there is no "${name}"; there is ${architectures.join(', ')}`,
    );
  }
  const build = builders[spec.architecture] as Builder<NetworkSpec>;
  return build(spec, input, classes);
}
