/**
 * @file `resolveDataset`: from the name in a definition to a stored data set that fits it.
 */
import { datasetKey } from '../artifacts/layout.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { Reference } from '../artifacts/reference.js';
import type { DatasetInput } from '../compute/protocol.js';
import type { DatasetManifest } from '../datasets/dataset.js';
import type { DatasetSpec } from '../definition/plan.js';
import { imageSizeProblem } from '../definition/image-sizes.js';
import { describeNetwork } from '../definition/network-names.js';
import { DistilleryError } from '../errors/errors.js';
import type { NetworkSpec } from '../networks/spec.js';

/** Brings a built-in data set into the store, or says undefined when there is none of that name. */
export type ImportBuiltin = (store: ArtifactStore, name: string) => Promise<Reference | undefined>;

/**
 * @param networks that are to be trained on it
 * @throws DistilleryError `InvalidDataset` when there is no such data set, or too few images in it;
 *   `InvalidDefinition` when a network cannot take its images
 */
export async function resolveDataset(
  store: ArtifactStore,
  importBuiltin: ImportBuiltin,
  spec: DatasetSpec,
  seed: number,
  networks: readonly NetworkSpec[] = [],
): Promise<DatasetInput> {
  const key = datasetKey(spec.source);
  let stored = await store.getManifest(key);
  if (stored === undefined && (await importBuiltin(store, spec.source)) !== undefined) {
    stored = await store.getManifest(key);
  }
  if (stored === undefined) throw await unknownDataset(store, spec.source);
  const manifest = stored.body as DatasetManifest;
  checkSplit(spec, manifest);
  for (const network of networks) checkImageSize(network, spec, manifest);
  const { limit, holdout } = spec;
  return { manifest: stored.reference, ...(limit !== undefined && { limit }), holdout, seed };
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

function checkImageSize(network: NetworkSpec, { source }: DatasetSpec, { shape }: DatasetManifest): void {
  const problem = imageSizeProblem(network, shape);
  if (problem === undefined) return;
  throw new DistilleryError(
    'InvalidDefinition',
    `The network ${describeNetwork(network)} does not suit the data set ${source}: ${problem}.`,
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
