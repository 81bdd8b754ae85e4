/**
 * @file Networks of the worker's owner, by name.
 */
import { DistilleryError } from '../errors/errors.js';
import type { NetworkFunction } from './build.js';
import type { CustomSpec } from './spec.js';

/** Makes a network's function from the options that a definition gives. */
export type CustomNetwork = (options: CustomSpec['options']) => NetworkFunction;

/** The default export of a module of networks, by the names that definitions use. */
export type CustomNetworks = Readonly<Record<string, CustomNetwork>>;

const defined = new Map<string, CustomNetwork>();

/**
 * Makes a network known in this process.
 *
 * @throws DistilleryError `InvalidDefinition` if there is another one of that name
 */
export function defineNetwork(name: string, network: CustomNetwork): void {
  const other = defined.get(name);
  if (other !== undefined && other !== network) {
    throw new DistilleryError(
      'InvalidDefinition',
      `The network ${name} is defined twice: give one another name.`,
    );
  }
  defined.set(name, network);
}

/** @throws DistilleryError `InvalidDefinition` if there is none of that name in this process */
export function customNetwork({ name, options }: CustomSpec): NetworkFunction {
  const network = defined.get(name);
  if (network !== undefined) return network(options);
  const there = defined.size === 0 ? 'it knows none' : `it knows ${[...defined.keys()].join(', ')}`;
  throw new DistilleryError(
    'InvalidDefinition',
    `This compute worker does not know the network ${name} (${there}): start every compute worker with the ` +
      'module that defines it, by --networks FILE or in DISTILLERY_NETWORKS.',
  );
}
