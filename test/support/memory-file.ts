/**
 * @file Files of data sets that are only in memory, and splits read whole.
 */
import type { LabelledImages } from '../../datasets/dataset.js';
import type { DataFile } from '../../datasets/files/tree.js';
import { openDataset, type OpenOptions } from '../../datasets/open.js';
import type { ImageSplit } from '../../datasets/split.js';

export function memoryFile(path: string, content: Uint8Array): DataFile {
  return {
    path,
    label: path,
    bytes: content.length,
    read: (begin = 0, end = content.length) => Promise.resolve(content.slice(begin, end)),
  };
}

/** All images of a split. */
export async function readWhole(split: ImageSplit): Promise<LabelledImages> {
  const parts: Uint8Array[] = [];
  for await (const batch of split.batches()) parts.push(batch);
  const { shape, labels } = split;
  return { shape, count: labels.length, images: new Uint8Array(Buffer.concat(parts)), labels };
}

/** Opens a data set, reads both splits whole and closes it. */
export async function readDataset(
  place: string,
  options: OpenOptions = {},
): Promise<{ format: string; train: LabelledImages; test: LabelledImages; classNames: readonly string[] }> {
  const { format, train, test, classNames, close } = await openDataset(place, options);
  try {
    return { format, train: await readWhole(train), test: await readWhole(test), classNames };
  } finally {
    await close();
  }
}
