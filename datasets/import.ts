/**
 * @file Brings a data set from a folder into the store, once and checked.
 */
import { canonicalJson } from '../artifacts/canonical-json.js';
import { datasetKey } from '../artifacts/layout.js';
import type { Reference } from '../artifacts/reference.js';
import type { ArtifactStore } from '../artifacts/store.js';
import { DistilleryError } from '../errors/errors.js';
import type { DatasetManifest, LabelledImages } from './dataset.js';
import { datasetFacts, type DatasetFacts } from './facts.js';
import { loadFolder } from './formats.js';
import { writeSplit } from './shards.js';
import { pixelStatistics } from './statistics.js';

export interface ImportOptions {
  /** `[a-z0-9][a-z0-9._-]*`; what definitions call it. */
  readonly name: string;
  /** In the order of the labels. Default: those of the built-in data set of that name, else the numbers. */
  readonly classNames?: readonly string[];
  /** Whether mirrored images keep their class. Default: as known of the built-in one, else true. */
  readonly flip?: boolean;
}

export interface Imported {
  readonly manifest: DatasetManifest;
  readonly reference: Reference;
}

/**
 * Importing the same data again changes nothing.
 * @throws DistilleryError `InvalidDataset` when the files are not right, or when another data set has the name.
 */
export async function importDataset(
  store: ArtifactStore,
  folder: string,
  options: ImportOptions,
): Promise<Imported> {
  const { name } = options;
  if (!/^[a-z0-9][a-z0-9._-]{0,99}$/.test(name)) {
    throw invalid(`${JSON.stringify(name)} cannot name a data set: use a-z, 0-9, ".", "_" and "-".`);
  }
  const { train, test, ...known } = await loadFolder(folder);
  const facts = datasetFacts(name);
  const labels = Math.max(highest(train.labels), highest(test.labels)) + 1;
  const classNames =
    options.classNames ??
    facts?.classNames ??
    known.classNames ??
    Array.from({ length: labels }, (_, i) => String(i));
  checkSplits(folder, train, test, classNames.length, facts);
  const { mean, std } = facts ?? pixelStatistics(train);
  const manifest: DatasetManifest = {
    name,
    shape: train.shape,
    classes: classNames.length,
    classNames,
    mean,
    std,
    flip: options.flip ?? facts?.flip ?? true,
    train: await writeSplit(store, train),
    test: await writeSplit(store, test),
  };
  return { manifest, reference: await record(store, manifest) };
}

async function record(store: ArtifactStore, manifest: DatasetManifest): Promise<Reference> {
  const key = datasetKey(manifest.name);
  const { created, reference } = await store.putManifest(key, manifest);
  if (!created) {
    const present = await store.getManifest(key);
    if (canonicalJson(present?.body ?? null) !== canonicalJson(manifest)) {
      throw invalid(
        `Another data set is called ${manifest.name} at ${store.location}. Choose another name: results refer to that one.`,
      );
    }
  }
  return reference;
}

function checkSplits(
  folder: string,
  train: LabelledImages,
  test: LabelledImages,
  classes: number,
  facts: DatasetFacts | undefined,
): void {
  const size = ({ shape }: Pick<LabelledImages, 'shape'>): string =>
    `${shape.channels} x ${shape.height} x ${shape.width}`;
  if (size(train) !== size(test)) {
    throw invalid(
      `${folder}: training images are ${size(train)}, test images ${size(test)}. They must be alike.`,
    );
  }
  if (facts !== undefined && size(train) !== size(facts)) {
    throw invalid(
      `${folder}: ${facts.name} has images of ${size(facts)}, found ${size(train)}. Choose another name.`,
    );
  }
  if (classes < 2) throw invalid(`${folder}: expected 2 or more classes, found ${classes}.`);
  for (const [split, { labels }] of Object.entries({ train, test })) {
    const index = labels.findIndex((label) => label < 0 || label >= classes);
    if (index >= 0) {
      throw invalid(
        `${folder}: ${split} image ${index} has label ${labels[index] ?? 'none'}, expected 0 to ${classes - 1} for ` +
          `${classes} classes. Check the labels and the class names.`,
      );
    }
  }
}

function highest(labels: Int32Array): number {
  return labels.reduce((top, label) => Math.max(top, label), 0);
}

function invalid(message: string): DistilleryError {
  return new DistilleryError('InvalidDataset', message);
}
