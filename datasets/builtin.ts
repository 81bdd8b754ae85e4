/**
 * @file Data sets that a definition can name without anyone having imported them.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { datasetKey } from '../artifacts/layout.js';
import type { Reference } from '../artifacts/reference.js';
import type { ArtifactStore } from '../artifacts/store.js';
import { DistilleryError } from '../errors/errors.js';
import { datasetFacts } from './facts.js';
import { importDataset } from './import.js';

/** Finds the folder with the files of a built-in data set; undefined when this machine does not have them. */
export type Locate = (name: string) => Promise<string | undefined>;

/**
 * Brings a built-in data set into the store, if it is not there.
 * @param say told what is done, a line at a time.
 * @param locate default: the folder of that name in DISTILLERY_DATASETS.
 * @returns its manifest, or undefined when there is no built-in data set of that name.
 * @throws DistilleryError `InvalidDataset` when its files are not to be found or not right.
 */
export async function importBuiltin(
  store: ArtifactStore,
  name: string,
  say: (line: string) => void = () => undefined,
  locate: Locate = locateByEnvironment,
): Promise<Reference | undefined> {
  if (datasetFacts(name) === undefined) return undefined;
  const stored = await store.getManifest(datasetKey(name));
  if (stored !== undefined) return stored.reference;
  const folder = await locate(name);
  if (folder === undefined) {
    throw new DistilleryError(
      'InvalidDataset',
      `The data set ${name} is neither at ${store.location} nor on this machine. Import it once with ` +
        `"distillery dataset import FOLDER --name ${name}", or set DISTILLERY_DATASETS to a folder that holds ${name}/.`,
    );
  }
  say(`importing ${name} from ${folder}`);
  const { manifest, reference } = await importDataset(store, folder, { name });
  say(`imported ${name}: ${manifest.train.count} training and ${manifest.test.count} test images`);
  return reference;
}

/** The folder of that name in `DISTILLERY_DATASETS`. */
export async function locateByEnvironment(name: string): Promise<string | undefined> {
  const root = process.env['DISTILLERY_DATASETS'];
  if (root === undefined || root === '') return undefined;
  const folder = join(root, name);
  return (await stat(folder).catch(() => undefined))?.isDirectory() === true ? folder : undefined;
}
