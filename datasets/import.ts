/**
 * @file Brings a data set into the store, once and checked.
 */
import { canonicalJson } from '../artifacts/canonical-json.js';
import { datasetKey } from '../artifacts/layout.js';
import type { Reference } from '../artifacts/reference.js';
import type { ArtifactStore } from '../artifacts/store.js';
import { DistilleryError } from '../errors/errors.js';
import type { DatasetManifest } from './dataset.js';
import { datasetFacts, type DatasetFacts } from './facts.js';
import type { LoaderSource } from './loader.js';
import { openDataset, type OpenDataset, type OpenOptions } from './open.js';
import { writeSplit } from './shards.js';
import { shapeText } from './split.js';
import { PixelStatistics } from './statistics.js';

export interface ImportOptions extends OpenOptions {
  /** `[a-z0-9][a-z0-9._-]*`; what definitions call it. */
  readonly name: string;
  /** Whether mirrored images keep their class. Default: as known of the data set, else true. */
  readonly flip?: boolean;
}

export interface Imported {
  readonly manifest: DatasetManifest;
  readonly reference: Reference;
  /** As `OpenDataset` says. */
  readonly format: string;
  readonly heldOut: boolean;
}

/**
 * Importing the same data again changes nothing. Images are read once and written in shards as they come, so
 * that a data set may be larger than memory.
 * @param source a folder, a file, `s3://bucket/prefix`, or code that brings the data set.
 * @throws DistilleryError `InvalidDataset` when the files are not right, or when another data set has the name.
 */
export async function importDataset(
  store: ArtifactStore,
  source: string | LoaderSource,
  options: ImportOptions,
): Promise<Imported> {
  const { name } = options;
  if (!/^[a-z0-9][a-z0-9._-]{0,99}$/.test(name)) {
    throw invalid(`${JSON.stringify(name)} cannot name a data set: use a-z, 0-9, ".", "_" and "-".`);
  }
  const facts = datasetFacts(name);
  const dataset = await openDataset(source, options, facts?.classNames);
  const place = typeof source === 'string' ? source : source.label;
  try {
    if (facts !== undefined) checkFacts(place, dataset, facts);
    const { train, test, classNames, constants = facts } = dataset;
    const statistics = new PixelStatistics(train.shape);
    const storedTrain = await writeSplit(store, train, (images) => statistics.add(images));
    const { mean, std } = facts ?? constants ?? statistics.result();
    const manifest: DatasetManifest = {
      name,
      shape: train.shape,
      classes: classNames.length,
      classNames,
      mean,
      std,
      flip: options.flip ?? dataset.flip ?? facts?.flip ?? constants?.flip ?? true,
      train: storedTrain,
      test: await writeSplit(store, test),
    };
    const { format, heldOut } = dataset;
    return { manifest, reference: await record(store, manifest), format, heldOut };
  } finally {
    await dataset.close();
  }
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

function checkFacts(place: string, { train, classNames }: OpenDataset, facts: DatasetFacts): void {
  const { name, shape, classes } = facts;
  if (shapeText(train.shape) !== shapeText(shape)) {
    throw invalid(
      `${place}: ${name} has images of ${shapeText(shape)}, found ${shapeText(train.shape)}. Choose another name.`,
    );
  }
  if (classNames.length !== classes) {
    throw invalid(
      `${place}: ${name} has ${classes} classes, found ${classNames.length}. Choose another name.`,
    );
  }
}

function invalid(message: string): DistilleryError {
  return new DistilleryError('InvalidDataset', message);
}
