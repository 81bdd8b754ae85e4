/**
 * @file The formats that a data set can have. A new format is one more entry in the list.
 */
import { DistilleryError } from '../errors/errors.js';
import { openArchive } from './files/open.js';
import type { Scratch } from './files/scratch.js';
import { withoutTopFolder, type FileTree } from './files/tree.js';
import type { DatasetFormat } from './format.js';
import { cifarFormats } from './formats/cifar.js';
import { foldersFormat } from './formats/folders.js';
import { idxFormat } from './formats/idx.js';
import { npzFormat } from './formats/npz.js';
import { parquetFormat } from './formats/parquet.js';
import { safetensorsFormat } from './formats/safetensors.js';
import { tinyImagenetFormat } from './formats/tiny-imagenet.js';

/** In the order in which they are tried: those with the most telling file names first. */
export const formats: readonly DatasetFormat[] = [
  idxFormat,
  ...cifarFormats,
  npzFormat,
  safetensorsFormat,
  parquetFormat,
  tinyImagenetFormat,
  foldersFormat,
];

/** A format and the files it was found in: those given, below their only folder, or in their only archive. */
export interface FoundFormat {
  readonly format: DatasetFormat;
  readonly tree: FileTree;
}

/**
 * Finds the format by looking at the names of the files.
 * @param name the format that the user says it is.
 * @throws DistilleryError `InvalidDataset` when there is nothing that is known, or not the format of that name.
 */
export async function findFormat(tree: FileTree, scratch: Scratch, name?: string): Promise<FoundFormat> {
  const candidates = name === undefined ? formats : formats.filter((format) => format.name === name);
  if (candidates.length === 0) {
    const known = formats.map((format) => format.name).join(', ');
    throw invalid(`There is no format ${name ?? ''}. Known are ${known}.`);
  }
  const archive = await openArchive(tree, scratch);
  for (let at = archive ?? tree; ;) {
    const format = candidates.find((candidate) => candidate.detect(at));
    if (format !== undefined) return { format, tree: at };
    const below = withoutTopFolder(at);
    if (below === undefined) break;
    at = below;
  }
  const known = candidates.map(({ name: called, looksFor }) => `${called}: ${looksFor}`).join('; ');
  const expected = name === undefined ? 'no data set of a known format' : 'no data set of that format';
  throw invalid(`${tree.label} holds ${expected} (${known}).`);
}

function invalid(message: string): DistilleryError {
  return new DistilleryError('InvalidDataset', message);
}
