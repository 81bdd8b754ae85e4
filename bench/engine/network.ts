/**
 * @file The network of a work, if it can be built.
 */
import { architectures, buildNetwork } from '../../networks/registry.js';
import type { Network } from '../../networks/network.js';
import type { NetworkSpec } from '../../networks/spec.js';
import type { NetworkChoice, Work } from './works.js';

/** Whether the registry has the architecture; its options are left to the builder. */
export function isBuildable(network: NetworkChoice): network is NetworkChoice & NetworkSpec {
  return architectures.some((architecture) => architecture === network.architecture);
}

/** @throws RangeError when there is no such architecture; ask `isBuildable` before */
export function benchNetwork({ network, image, classes }: Work): Network {
  if (!isBuildable(network)) throw new RangeError(`there is no ${network.architecture}`);
  return buildNetwork(network, image, classes);
}
