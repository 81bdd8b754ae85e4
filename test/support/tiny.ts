/**
 * @file A network and a data set small enough to train in a test.
 */
import type { DsaOperation } from '../../definition/plan.js';
import { imagesInMemory } from '../../datasets/image-source.js';
import { createNetworkPrograms } from '../../distillation/compile-programs.js';
import { NormalisedImages, type BatchSource } from '../../distillation/batches.js';
import { ExpertTraining, initialExpert } from '../../distillation/expert.js';
import type { NetworkPrograms } from '../../distillation/network-programs.js';
import type { ExpertSnapshots } from '../../distillation/trajectory-choice.js';
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
  return {
    images,
    normalised: new NormalisedImages(imagesInMemory(images), tinyClasses, { mean: [0.3], std: [0.25] }),
  };
}

/** Experts trained here and now, and their parameters by expert and epoch. */
export function tinyExperts(
  programs: NetworkPrograms,
  images: BatchSource,
  operations: readonly DsaOperation[],
  { count, epochs }: { readonly count: number; readonly epochs: number },
): { experts: ExpertSnapshots; snapshots: Float32Array[][] } {
  const snapshots = Array.from({ length: count }, (_, index) => {
    const settings = { lr: 0.05, momentum: 0, weightDecay: 0, batchSize: 16, operations, seed: 1, index };
    const expert = new ExpertTraining(programs, images, settings, initialExpert(programs.network, settings));
    const path = [expert.snapshot()];
    while (expert.epoch < epochs) if (expert.step().finishedEpoch) path.push(expert.snapshot());
    expert.release();
    return path;
  });
  const snapshot = (expert: number, epoch: number) => Promise.resolve(snapshots[expert]![epoch]!);
  return { experts: { experts: count, epochs, snapshot }, snapshots };
}
