/**
 * @file What a compute process keeps between tasks, so that the next one starts warm: the run's data set and
 * compiled networks. One of each is enough, as tasks of a run follow one another.
 */
import type { StoredWhitening } from '../artifacts/whitenings.js';
import { openImages } from '../datasets/load.js';
import { NormalisedImages, type BatchSource } from '../distillation/batches.js';
import { createNetworkPrograms } from '../distillation/compile-programs.js';
import type { NetworkPrograms } from '../distillation/network-programs.js';
import { indicesByClass, requireImages } from '../distillation/real-images.js';
import { divideRun, runOrder } from '../distillation/split.js';
import type { DatasetManifest, ImageSource } from '../datasets/dataset.js';
import { buildNetwork } from '../networks/registry.js';
import type { NetworkSpec } from '../networks/spec.js';
import { mayStop, type TaskContext } from './context.js';
import { Latest } from './latest.js';
import type { DatasetInput } from './protocol.js';
import { datasetIdentity } from './unit-keys.js';
import { runWhitening } from './whitening.js';

/** Of whitened images the mean is 0 and the std 1, as they are not normalised by them. */
export interface RunManifest extends DatasetManifest {
  readonly whitening?: StoredWhitening;
}

/** The images of one run, ready to be trained on. */
export interface RunImages {
  readonly manifest: RunManifest;
  readonly train: BatchSource;
  readonly holdout: BatchSource;
  readonly test: BatchSource;
  /** The images of `train` as bytes, with their labels. */
  readonly trainBytes: ImageSource;
  /** Training images that are held in memory: all or none. */
  readonly held: number;
  readonly close: () => void;
}

const images = new Latest<RunImages>(({ close }) => close());

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

async function loadRunImages(context: TaskContext, dataset: DatasetInput): Promise<RunImages> {
  const { imageRoom: room } = context;
  const { manifest, train, test, inMemory, close } = await openImages(context.store, dataset.manifest, {
    choose: (found) => runOrder(found.train.count, dataset),
    room,
    // Whitened images are held as floats beside the bytes.
    bytesPerPixel: dataset.zca ? 5 : 1,
    between: () => mayStop(context),
  });
  const opened = [close];
  const closeAll = (): void => opened.forEach((closeOne) => closeOne());
  try {
    const split = divideRun(train, manifest.classes, dataset);
    const ready = (found: RunManifest, make: (part: ImageSource) => BatchSource): RunImages => ({
      manifest: found,
      train: make(split.train),
      holdout: make(split.holdout),
      test: make(test),
      trainBytes: split.train,
      held: inMemory ? split.train.count : 0,
      close: closeAll,
    });
    if (!dataset.zca) {
      return ready(manifest, (part) => new NormalisedImages(part, manifest.classes, manifest));
    }
    const folder = inMemory ? undefined : room?.folder;
    const { stored, whiten } = await runWhitening(context, dataset.manifest, manifest, folder);
    const [mean, std] = [manifest.mean.map(() => 0), manifest.std.map(() => 1)];
    return ready({ ...manifest, mean, std, whitening: stored }, (part) => {
      const images = whiten(part);
      opened.push(() => images.close());
      return images;
    });
  } catch (error) {
    closeAll();
    throw error;
  }
}

let programs: { readonly key: string; readonly value: NetworkPrograms } | undefined;

/** The compiled steps of a network for the images and classes of a data set. */
export function networkPrograms(
  context: Pick<TaskContext, 'device'>,
  spec: NetworkSpec,
  { shape, classes }: DatasetManifest,
): NetworkPrograms {
  const key = JSON.stringify([spec, shape, classes]);
  if (programs?.key === key) return programs.value;
  const value = createNetworkPrograms(buildNetwork(spec, shape, classes), context.device);
  programs = { key, value };
  return value;
}
