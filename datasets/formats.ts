/**
 * @file The formats that a folder of images can have. A new format is one more entry in the list.
 */
import { stat } from 'node:fs/promises';
import { DistilleryError } from '../errors/errors.js';
import type { LabelledImages } from './dataset.js';
import { idxFormat } from './idx.js';

export interface DatasetFormat {
  readonly name: string;
  /** The files it goes by, for messages. */
  readonly looksFor: string;
  /** Whether the folder is of this format, by looking at its files' names. */
  detect(folder: string): Promise<boolean>;
  /** @throws DistilleryError `InvalidDataset` naming the file, what was expected and what was found. */
  load(folder: string): Promise<LoadedFolder>;
}

export interface LoadedFolder {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
  /** Where the format knows them. */
  readonly classNames?: readonly string[];
}

export const formats: readonly DatasetFormat[] = [idxFormat];

/** @throws DistilleryError `InvalidDataset` when there is no such folder or nothing in it that is known. */
export async function loadFolder(folder: string): Promise<LoadedFolder> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() !== true) {
    throw new DistilleryError(
      'InvalidDataset',
      `${folder} is not a folder. Give the folder that holds the data set.`,
    );
  }
  for (const format of formats) if (await format.detect(folder)) return format.load(folder);
  const known = formats.map(({ name, looksFor }) => `${name}: ${looksFor}`).join('; ');
  throw new DistilleryError('InvalidDataset', `${folder} holds no data set of a known format (${known}).`);
}
