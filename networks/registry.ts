/**
 * @file From what a definition says to a network.
 */
import { DistilleryError } from '../errors/errors.js';
import { buildConvNet } from './convnet.js';
import type { Network } from './network.js';
import type { ImageShape, NetworkSpec } from './spec.js';

type Architecture = NetworkSpec['architecture'];

const builders: { readonly [A in Architecture]: typeof buildConvNet } = { ConvNet: buildConvNet };

/** The architectures there are, for messages and schemas. */
export const architectures = Object.keys(builders) as readonly Architecture[];

function isArchitecture(name: string): name is Architecture {
  return Object.hasOwn(builders, name);
}

/**
 * @throws DistilleryError `InvalidDefinition` if the architecture is unknown, or its options do not fit each
 * other or the images.
 */
export function buildNetwork(spec: NetworkSpec, input: ImageShape, classes: number): Network {
  const name: string = spec.architecture;
  if (!isArchitecture(name)) {
    throw new DistilleryError(
      'InvalidDefinition',
      `network.architecture: there is no "${name}"; there is ${architectures.join(', ')}`,
    );
  }
  return builders[name](spec, input, classes);
}
