/**
 * @file Which images a network can take: every pooling halves them, and something must be left.
 */
import type { ConvNetSpec, ImageShape, NetworkSpec } from '../networks/spec.js';
import { networkName } from './network-names.js';

/**
 * Why a network cannot take such images and which sizes work, or undefined when it can. Of a custom network
 * nothing is known before it is built.
 */
export function imageSizeProblem(network: NetworkSpec, image: ImageShape): string | undefined {
  if (network.architecture === 'ConvNet') return depthProblem(network, image);
  const least = smallestSide(network, image.channels);
  if (Math.min(image.height, image.width) >= least) return undefined;
  const channels = image.channels === 1 ? 'one channel' : `${image.channels} channels`;
  return (
    `${networkName(network)} takes images of at least ${least} x ${least} pixels with ${channels}; ` +
    `these have ${image.height} x ${image.width}`
  );
}

/** Grey images get a wider border in the first layer, so that they may be smaller. */
function smallestSide(network: Exclude<NetworkSpec, ConvNetSpec>, channels: number): number {
  const grey = channels === 1;
  switch (network.architecture) {
    case 'MLP':
    case 'custom':
      return 1;
    case 'LeNet':
      return grey ? 12 : 16;
    case 'AlexNet':
      return grey ? 4 : 8;
    case 'VGG11':
      return grey ? 28 : 32;
    // Three halvings must leave more than one pixel: a normalisation over a single one leaves nothing of it.
    case 'ResNet18':
      return 9;
    case 'ResNet18_AP':
      return 16;
  }
}

function depthProblem({ depth, pool }: ConvNetSpec, image: ImageShape): string | undefined {
  if (pool === 'none') return undefined;
  const border = image.channels === 1 ? 4 : 0;
  const side = Math.min(image.height, image.width) + border;
  const deepest = Math.floor(Math.log2(side));
  if (depth <= deepest) return undefined;
  const images = `the images of ${image.height} x ${image.width} pixels`;
  const remedy = deepest >= 1 ? `use a depth of at most ${deepest}, or pool: none` : 'use pool: none';
  return `depth ${depth} halves ${images} away; ${remedy}`;
}
