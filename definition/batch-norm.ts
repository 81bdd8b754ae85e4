/**
 * @file Which networks have batch normalisation, as far as their options say.
 */
import type { NetworkSpec } from '../networks/spec.js';

/** Whether it normalises by the batch at hand. A network of the worker's owner says nothing of it. */
export function hasBatchNorm(network: NetworkSpec): boolean {
  return 'norm' in network && network.norm === 'batch';
}
