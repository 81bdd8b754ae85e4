/**
 * @file The identity of each kind of work: what a checkpoint or a result belongs to. Whatever changes the
 * numbers is in it; how far the work has come is not.
 */
import { unitKey } from '../artifacts/canonical-json.js';
import type { Reference } from '../artifacts/reference.js';
import { hasBatchNorm } from '../definition/batch-norm.js';
import { whiteningEpsilon } from '../distillation/zca.js';
import type { NetworkSpec } from '../networks/spec.js';
import type {
  DatasetInput,
  DistillChunkInput,
  EvaluateNetworkInput,
  SelectImagesInput,
  TrainExpertInput,
  UnitOfWork,
  UnitTaskName,
} from './protocol.js';

/** Raised when the same input of the task gives another result. */
const versions: Readonly<Record<UnitTaskName, number>> = {
  trainExpert: 1,
  distillChunk: 1,
  evaluateNetwork: 1,
  selectImages: 1,
};

/** Until it was tested with running averages, a network with batch normalisation had other accuracies. */
function testedBy(network: NetworkSpec): string | undefined {
  return hasBatchNorm(network) ? 'running averages' : undefined;
}

/** What tells one division of a data set from another; part of every unit key. */
export function datasetIdentity({ manifest, limit, holdout, seed, zca }: DatasetInput): object {
  return { manifest: manifest.sha256, limit, holdout, seed, zca };
}

/** A whitening is fitted to all training images, whatever a run takes of them. */
export function whiteningUnit(manifest: Reference): string {
  return unitKey({ task: 'whitening', version: 1, dataset: manifest.sha256, epsilon: whiteningEpsilon });
}

/** Neither how many experts there are nor how long this one trains changes its steps. */
export function expertUnit({ dataset, network, config, seed, index, fresh }: TrainExpertInput): string {
  const { lr, momentum, weightDecay, batchSize, augmentation, precision, keepEpochs } = config;
  return unitKey({
    task: 'train-expert',
    version: versions.trainExpert,
    dataset: datasetIdentity(dataset),
    network,
    config: { lr, momentum, weightDecay, batchSize, augmentation, precision, keepEpochs },
    seed,
    index,
    fresh,
    tested: testedBy(network),
  });
}

/** How far it has come is not part of what a distillation is: a longer one goes on from a shorter one. */
export function distillationUnit(input: DistillChunkInput): string {
  const { dataset, network, trajectories, initial, config, seed, fresh } = input;
  return unitKey({
    task: 'distill',
    version: versions.distillChunk,
    dataset: datasetIdentity(dataset),
    network,
    trajectories: trajectories?.sha256,
    initial: initial?.sha256,
    config,
    seed,
    fresh,
  });
}

export function evaluationUnit({ dataset, trainingSet: set, ...rest }: EvaluateNetworkInput): string {
  const trained = set.kind === 'distilled' ? { kind: set.kind, result: set.result.sha256 } : set;
  return unitKey({
    task: 'evaluate-network',
    version: versions.evaluateNetwork,
    dataset: datasetIdentity(dataset),
    trainingSet: trained,
    ...rest,
    tested: testedBy(rest.network),
  });
}

/** The training that counts what is forgotten; neither its length nor how many images are taken changes its steps. */
export function selectionUnit({ dataset, network, config, seed, fresh }: SelectImagesInput): string {
  return unitKey({
    task: 'select-images',
    version: versions.selectImages,
    dataset: datasetIdentity(dataset),
    network,
    method: { ...config.method, epochs: undefined },
    seed,
    fresh,
  });
}

/** Whose checkpoints a task writes: the unit, and how far this run of it is to go. */
export function lineage({ task, input }: UnitOfWork): { readonly unit: string; readonly goal?: number } {
  switch (task) {
    case 'trainExpert':
      return { unit: expertUnit(input), goal: input.config.epochs };
    case 'distillChunk':
      return { unit: distillationUnit(input), goal: input.iterations };
    case 'evaluateNetwork':
      return { unit: evaluationUnit(input) };
    case 'selectImages': {
      const { method } = input.config;
      return {
        unit: selectionUnit(input),
        ...(method.name === 'forgetting' && { goal: method.epochs }),
      };
    }
  }
}
