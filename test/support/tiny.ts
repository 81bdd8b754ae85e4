/**
 * @file A network and a data set small enough to train in a test.
 */
import { createNetworkPrograms } from '../../distillation/compile-programs.js';
import { NormalisedImages } from '../../distillation/batches.js';
import type { NetworkPrograms } from '../../distillation/network-programs.js';
import { buildNetwork } from '../../networks/registry.js';
import type { ConvNetSpec } from '../../networks/spec.js';
import type { Device } from '../../tensor/device.js';
import { bandImages } from './images.js';

export const tinyShape = { channels: 1, height: 8, width: 8 };
export const tinyClasses = 4;
export const tinyNetwork: ConvNetSpec = {
  architecture: 'ConvNet',
  depth: 1,
  width: 6,
  norm: 'instance',
  pool: 'avg',
  act: 'relu',
};

export function tinyPrograms(device: Device): NetworkPrograms {
  return createNetworkPrograms(buildNetwork(tinyNetwork, tinyShape, tinyClasses), device);
}

/** Bytes and the same images normalised. */
export function tinyImages(count: number, seed = 1) {
  const images = bandImages(count, tinyClasses, tinyShape, seed);
  return { images, normalised: new NormalisedImages(images, tinyClasses, { mean: [0.3], std: [0.25] }) };
}
