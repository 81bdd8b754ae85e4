/**
 * @file Makes the context of a stage of a user's own type.
 */
import { sha256 } from '../artifacts/digest.js';
import { getDistilled, putDistilled } from '../artifacts/distilled-sets.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { DatasetInput } from '../compute/protocol.js';
import type { LabelledImages } from '../datasets/dataset.js';
import { imagesInMemory } from '../datasets/image-source.js';
import { loadDataset } from '../datasets/load.js';
import { pixelCount } from '../datasets/split.js';
import { customUses } from '../definition/custom-stages.js';
import type { CustomStage } from '../definition/plan.js';
import type { UnitProgress } from '../definition/stages.js';
import { divideRun, runOrder } from '../distillation/split.js';
import { Stream } from '../random/stream.js';
import type { StageContext, StageDataset } from './stage-context.js';

/** What a stage is told of its run. */
export interface StageRun {
  readonly seed: number;
  readonly dataset: DatasetInput;
}

export interface ContextParts {
  readonly store: ArtifactStore;
  readonly stage: Pick<CustomStage, 'id' | 'type'>;
  readonly run: StageRun;
  readonly signal: AbortSignal;
  readonly report: (progress: Omit<UnitProgress, 'unit' | 'worker'>) => void;
}

export function makeContext({ store, stage, run, signal, report }: ContextParts): StageContext {
  const own = typeNumber(stage);
  return {
    id: stage.id,
    seed: run.seed,
    signal,
    store: {
      read: (reference) => store.get(reference),
      readImages: (reference) => getDistilled(store, reference),
      write: (bytes, mediaType) => store.putBlob(bytes, mediaType),
      writeImages: (images) => putDistilled(store, images),
    },
    dataset: () => runDataset(store, run),
    random: (...indices) => new Stream(run.seed, 'custom-stage', own, ...indices),
    progress: (done, total, metrics = {}) => report({ done, total, metrics }),
  };
}

/** Keys what is random, so that two types of stages never share numbers. */
export function typeNumber({ type }: Pick<CustomStage, 'type'>): number {
  return Number.parseInt(sha256(customUses(type)).slice(0, 8), 16);
}

async function runDataset(store: ArtifactStore, { dataset }: StageRun): Promise<StageDataset> {
  const { manifest, train, test } = await loadDataset(store, dataset.manifest, {
    choose: (found) => runOrder(found.train.count, dataset),
  });
  const { holdout } = dataset;
  // Refuses images to train on that lack a class.
  divideRun(imagesInMemory(train), manifest.classes, dataset);
  return { manifest, test, train: part(train, holdout, train.count), holdout: part(train, 0, holdout) };
}

/** A view of some images in a row, no copy. */
function part({ shape, images, labels }: LabelledImages, from: number, to: number): LabelledImages {
  const size = pixelCount(shape);
  return {
    shape,
    count: to - from,
    images: images.subarray(from * size, to * size),
    labels: labels.subarray(from, to),
  };
}
