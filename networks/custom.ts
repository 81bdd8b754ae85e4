/**
 * @file Networks of the worker's owner, by name.
 */
import { DistilleryError } from '../errors/errors.js';
import type { NetworkFunction } from './build.js';
import type { CustomSpec } from './spec.js';

/** Makes a network's function from the options that a definition gives. */
export type CustomNetwork = (options: CustomSpec['options']) => NetworkFunction;

const defined = new Map<string, CustomNetwork>();

/**
 * Defines a network under a name, for definitions to use as `{ architecture: custom, name: NAME }`. Call it in a
 * module that the worker is started with (`distillery worker --networks FILE`, or `networks` of
 * `DistilleryPlugin`). Results are kept by name and options: when the function changes, change the name too.
 *
 * ```ts
 * defineNetwork('Wide', ({ width }) => (layers, images, classes) => {
 *   const x = layers.convolution('conv', images, { filters: Number(width), size: 3, padding: 1 });
 *   return layers.linear('classifier', layers.avgPool(layers.relu(x)), classes);
 * });
 * ```
 *
 * @throws DistilleryError `InvalidDefinition` if there is another network of that name
 */
export function defineNetwork(name: string, network: CustomNetwork): void {
  const other = defined.get(name);
  if (other !== undefined && other !== network) {
    throw new DistilleryError('InvalidDefinition', `network ${name}: defined twice; choose another name`);
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
    `The network ${name} is not defined on this worker (${there}): start it with the module that defines ` +
      'the network, by --networks FILE.',
  );
}
