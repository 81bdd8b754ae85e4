/**
 * @file `resolveDataset`: from the name in a definition to a stored data set that fits it.
 */
import { datasetKey } from '../artifacts/layout.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { Reference } from '../artifacts/reference.js';
import type { DatasetInput } from '../compute/protocol.js';
import type { DatasetManifest } from '../datasets/dataset.js';
import type { DatasetSpec } from '../definition/plan.js';
import { DistilleryError } from '../errors/errors.js';

/** Brings a built-in data set into the store, or says undefined when there is none of that name. */
export type ImportBuiltin = (store: ArtifactStore, name: string) => Promise<Reference | undefined>;

/** @throws DistilleryError `InvalidDataset` when there is no such data set, or too few images in it */
export async function resolveDataset(
  store: ArtifactStore,
  importBuiltin: ImportBuiltin,
  spec: DatasetSpec,
  seed: number,
): Promise<DatasetInput> {
  const key = datasetKey(spec.source);
  let stored = await store.getManifest(key);
  if (stored === undefined && (await importBuiltin(store, spec.source)) !== undefined) {
    stored = await store.getManifest(key);
  }
  if (stored === undefined) throw await unknownDataset(store, spec.source);
  checkSplit(spec, stored.body as DatasetManifest);
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

async function unknownDataset(store: ArtifactStore, name: string): Promise<DistilleryError> {
  const known: string[] = [];
  for await (const { key } of store.list('datasets/')) known.push(key.replace(/^datasets\/|\.json$/g, ''));
  const there = known.length === 0 ? 'there is none yet' : `there are ${known.join(', ')}`;
  return new DistilleryError(
    'InvalidDataset',
    `No data set ${name} in ${store.location} (${there}). Import one with \`distillery dataset import\`, or use the built-in fashion-mnist.`,
  );
}
