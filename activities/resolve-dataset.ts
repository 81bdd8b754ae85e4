/**
 * @file `resolveDataset`: from the name in a definition to a stored data set that fits it.
 */
import { z } from 'zod';
import { isThere } from '../artifacts/hold.js';
import { datasetKey } from '../artifacts/layout.js';
import { findManifest } from '../artifacts/schemas.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { Reference } from '../artifacts/reference.js';
import type { DatasetInput } from '../compute/protocol.js';
import type { DatasetManifest } from '../datasets/dataset.js';
import type { DatasetSpec } from '../definition/plan.js';
import { imageSizeProblem } from '../definition/image-sizes.js';
import { maximumWhitenedValues } from '../definition/limits.js';
import { describeNetwork } from '../definition/network-names.js';
import { DistilleryError } from '../errors/errors.js';
import type { NetworkSpec } from '../networks/spec.js';
import { datasetInput } from './dataset-input.js';

/** Brings a built-in data set into the store, or says undefined when there is none of that name. */
export type ImportBuiltin = (store: ArtifactStore, name: string) => Promise<Reference | undefined>;

/** Its form is checked where its images are read. */
const anyManifest = z.custom<DatasetManifest>((value) => typeof value === 'object' && value !== null);

/**
 * @param networks that are to be trained on it
 * @param perClass real images of one class that a stage draws, at most
 * @throws DistilleryError `InvalidDataset` when there is no such data set, or too few images in it;
 *   `InvalidDefinition` when a network cannot take its images, or more are drawn than there are
 */
export async function resolveDataset(
  store: ArtifactStore,
  importBuiltin: ImportBuiltin,
  spec: DatasetSpec,
  seed: number,
  networks: readonly NetworkSpec[] = [],
  perClass = 0,
): Promise<DatasetInput> {
  const key = datasetKey(spec.source);
  let damage: DistilleryError | undefined;
  const find = () => findManifest(store, key, anyManifest, (error) => (damage = error));
  let stored = await find();
  if (stored === undefined && (await importBuiltin(store, spec.source)) !== undefined) stored = await find();
  if (stored === undefined) {
    throw damage === undefined ? await unknownDataset(store, spec.source) : importAgain(damage.message);
  }
  const manifest = stored.document;
  await checkShards(store, importBuiltin, spec.source, manifest);
  checkSplit(spec, manifest);
  for (const network of networks) checkImageSize(network, spec, manifest);
  checkPerClass(perClass, spec, manifest);
  if (spec.zca) checkWhitening(spec, manifest);
  return { ...datasetInput(spec, seed, stored.reference), ...(perClass > 0 && { perClass }) };
}

/** A built-in data set that lost shards is imported again; any other one only its owner can import. */
async function checkShards(
  store: ArtifactStore,
  importBuiltin: ImportBuiltin,
  name: string,
  { train, test }: DatasetManifest,
): Promise<void> {
  for (const shard of [...train.shards, ...test.shards]) {
    if (await isThere(store, shard)) continue;
    if ((await importBuiltin(store, name)) !== undefined) return;
    throw importAgain(`The data set ${name} in ${store.location} lacks ${shard.key}.`);
  }
}

function importAgain(reason: string): DistilleryError {
  return new DistilleryError(
    'InvalidDataset',
    `${reason} Import the data set again with \`distillery dataset import\`.`,
  );
}

function checkSplit({ source, holdout, limit }: DatasetSpec, { train }: DatasetManifest): void {
  const wanted = holdout + (limit ?? 1);
  if (wanted <= train.count) return;
  const parts = `\`holdout\` ${holdout} and \`limit\` ${limit ?? 'of at least 1'}`;
  throw new DistilleryError(
    'InvalidDataset',
    `The data set ${source} has ${train.count} training images, fewer than ${parts} ask for; lower one of them.`,
  );
}

/** By their mean over the classes; how many each has is seen when the images are first read. */
function checkPerClass(
  perClass: number,
  { source, holdout, limit }: DatasetSpec,
  { train, classes }: DatasetManifest,
): void {
  const left = limit ?? train.count - holdout;
  if (perClass * classes <= left) return;
  throw new DistilleryError(
    'InvalidDefinition',
    `ipc is ${perClass}, but ${left} training images of ${classes} classes are left of ${source}: lower ipc, ` +
      'raise dataset.limit or lower dataset.holdout.',
  );
}

function checkImageSize(network: NetworkSpec, { source }: DatasetSpec, { shape }: DatasetManifest): void {
  const problem = imageSizeProblem(network, shape);
  if (problem === undefined) return;
  throw new DistilleryError(
    'InvalidDefinition',
    `The network ${describeNetwork(network)} does not suit the data set ${source}: ${problem}.`,
  );
}

/** Its matrices are objects of the store, as large as the square of an image. */
function checkWhitening({ source }: DatasetSpec, { shape }: DatasetManifest): void {
  const { channels, height, width } = shape;
  const values = channels * height * width;
  if (values <= maximumWhitenedValues) return;
  throw new DistilleryError(
    'InvalidDefinition',
    `\`dataset.zca\` is for images of at most ${maximumWhitenedValues} values; those of ${source} have ` +
      `${channels} x ${height} x ${width} = ${values}. Leave it out, or import smaller images.`,
  );
}

async function unknownDataset(store: ArtifactStore, name: string): Promise<DistilleryError> {
  const known: string[] = [];
  for await (const { key } of store.list('datasets/')) known.push(key.replace(/^datasets\/|\.json$/g, ''));
  const there = known.length === 0 ? 'there is none yet' : `there are ${known.join(', ')}`;
  return new DistilleryError(
    'InvalidDataset',
    `No data set ${name} in ${store.location} (${there}). Import one with \`distillery dataset import\`, or use the built-in fashion-mnist.`,
  );
}
