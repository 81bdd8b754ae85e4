/**
 * @file What a compute process keeps between tasks, so that the next one starts warm: the run's data set and
 * compiled networks. One of each is enough, as tasks of a run follow one another.
 */
import { loadDataset } from '../datasets/load.js';
import { NormalisedImages, pixelsOf } from '../distillation/batches.js';
import { createNetworkPrograms } from '../distillation/compile-programs.js';
import type { NetworkPrograms } from '../distillation/network-programs.js';
import { indicesByClass, requireImages } from '../distillation/real-images.js';
import { divideRun, runOrder } from '../distillation/split.js';
import type { DatasetManifest, LabelledImages } from '../datasets/dataset.js';
import { buildNetwork } from '../networks/registry.js';
import type { NetworkSpec } from '../networks/spec.js';
import { DistilleryError } from '../errors/errors.js';
import type { TaskContext } from './context.js';
import { Latest } from './latest.js';
import { bytesInWords, defaultMemoryLimit } from './memory.js';
import type { DatasetInput } from './protocol.js';
import { datasetIdentity } from './unit-keys.js';

/** The images of one run, ready to be trained on. */
export interface RunImages {
  readonly manifest: DatasetManifest;
  readonly train: NormalisedImages;
  readonly holdout: NormalisedImages;
  readonly test: NormalisedImages;
  /** The images of `train` as bytes, with their labels. */
  readonly trainBytes: LabelledImages;
}

const images = new Latest<RunImages>();

/**
 * The data set of a run, verified and split.
 *
 * @throws DistilleryError `InvalidDataset`, `InvalidDefinition` (among others when the run draws more images of a
 *   class than there are) or one of the store
 */
export async function runImages(context: TaskContext, dataset: DatasetInput): Promise<RunImages> {
  const key = JSON.stringify([context.store.location, datasetIdentity(dataset)]);
  const loaded = await images.get(key, () => loadRunImages(context, dataset));
  // What a later stage lacks is said before the first has worked for it.
  indicesByClass(loaded.trainBytes.labels, loaded.manifest.classes).forEach((indices, label) => {
    requireImages(indices, label, dataset.perClass ?? 0);
  });
  return loaded;
}

async function loadRunImages({ store }: TaskContext, dataset: DatasetInput): Promise<RunImages> {
  const { manifest, train, test } = await loadDataset(store, dataset.manifest, {
    choose: (found) => {
      requireRoom(found, dataset);
      return runOrder(found.train.count, dataset);
    },
  });
  const split = divideRun(train, manifest.classes, dataset);
  const normalised = (part: LabelledImages) => new NormalisedImages(part, manifest.classes, manifest);
  return {
    manifest,
    train: normalised(split.train),
    holdout: normalised(split.holdout),
    test: normalised(test),
    trainBytes: split.train,
  };
}

/** Images are held as bytes for as long as a process works for the run. */
function requireRoom(manifest: DatasetManifest, { holdout, limit }: DatasetInput): void {
  const { name, shape, train, test } = manifest;
  const trainImages = limit === undefined ? train.count : holdout + limit;
  const bytes = (trainImages + test.count) * pixelsOf(shape);
  const room = defaultMemoryLimit();
  if (bytes <= room) return;
  throw new DistilleryError(
    'InvalidDataset',
    `The images of ${name} that this run uses take ${bytesInWords(bytes)}, and this machine has ` +
      `${bytesInWords(room)} for computing: set a lower dataset.limit, import smaller images, or use a larger machine.`,
  );
}

let programs: { readonly key: string; readonly value: NetworkPrograms } | undefined;

/** The compiled steps of a network for the images and classes of a data set. */
export function networkPrograms(
  context: TaskContext,
  spec: NetworkSpec,
  { shape, classes }: DatasetManifest,
): NetworkPrograms {
  const key = JSON.stringify([spec, shape, classes]);
  if (programs?.key === key) return programs.value;
  const value = createNetworkPrograms(buildNetwork(spec, shape, classes), context.device);
  programs = { key, value };
  return value;
}
