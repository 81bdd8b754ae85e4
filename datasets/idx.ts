/**
 * @file The IDX format of MNIST and its relatives: two zero bytes, element type, number of dimensions, the
 * dimensions as big-endian 32-bit numbers, then the elements. Files may be gzipped.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { DistilleryError } from '../errors/errors.js';
import type { LabelledImages } from './dataset.js';
import type { DatasetFormat } from './formats.js';

const unzip = promisify(gunzip);
const unsignedByte = 0x08;
const maxUnpackedBytes = 2 ** 31 - 1;

/** An array of unsigned bytes. */
export interface IdxArray {
  readonly dimensions: readonly number[];
  readonly data: Uint8Array;
}

/**
 * @param rank dimensions it must have: 3 for images, 1 for labels.
 * @throws DistilleryError `InvalidDataset` naming the file, what was expected and what was found.
 */
export async function parseIdx(content: Uint8Array, file: string, rank: number): Promise<IdxArray> {
  const bytes = await unpacked(content, file);
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < 4) throw invalid(file, 'an IDX header of 4 bytes', `${bytes.length} bytes`);
  if (bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== unsignedByte || bytes[3] !== rank) {
    const magic = [0, 0, unsignedByte, rank].map(hex).join(' ');
    throw invalid(file, `the magic number ${magic}`, [...bytes.subarray(0, 4)].map(hex).join(' '));
  }
  if (bytes.length < headerBytes)
    throw invalid(file, `a header of ${headerBytes} bytes`, `${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const dimensions = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  if (dimensions.some((size) => size === 0))
    throw invalid(file, 'dimensions above 0', dimensions.join(' x '));
  const expected = headerBytes + dimensions.reduce((product, size) => product * size, 1);
  if (bytes.length !== expected) {
    const verdict =
      bytes.length < expected ? 'the file is cut off' : 'there are bytes after the last element';
    throw invalid(file, `${expected} bytes for ${dimensions.join(' x ')}`, `${bytes.length}: ${verdict}`);
  }
  return { dimensions, data: bytes.subarray(headerBytes) };
}

/** A folder with train and t10k (or test) images and labels, as MNIST and Fashion-MNIST are published. */
export const idxFormat: DatasetFormat = {
  name: 'IDX',
  looksFor:
    'train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte (or .gz)',
  async detect(folder) {
    const names = await readdir(folder);
    return names.some((name) => matches(name, ['train', 't10k', 'test'], 'images'));
  },
  async load(folder) {
    return { train: await loadSplit(folder, ['train']), test: await loadSplit(folder, ['t10k', 'test']) };
  },
};

async function loadSplit(folder: string, splits: readonly string[]): Promise<LabelledImages> {
  const images = await read(folder, splits, 'images', 3);
  const labels = await read(folder, splits, 'labels', 1);
  const [count = 0, height = 0, width = 0] = images.dimensions;
  if (labels.data.length !== count) {
    throw invalid(
      labels.file,
      `${count} labels, one for each image of ${images.file}`,
      String(labels.data.length),
    );
  }
  return {
    shape: { channels: 1, height, width },
    count,
    images: images.data,
    labels: Int32Array.from(labels.data),
  };
}

async function read(folder: string, splits: readonly string[], kind: Kind, rank: number) {
  // Unpacked before gzipped, if both are there.
  const name = (await readdir(folder)).sort().find((candidate) => matches(candidate, splits, kind));
  if (name === undefined) {
    throw new DistilleryError(
      'InvalidDataset',
      `${folder} has no ${splits[0] ?? ''}-${kind}-idx${rank}-ubyte (or .gz). All four files must be in the folder.`,
    );
  }
  const file = join(folder, name);
  return { file, ...(await parseIdx(new Uint8Array(await readFile(file)), file, rank)) };
}

type Kind = 'images' | 'labels';

function matches(name: string, splits: readonly string[], kind: Kind): boolean {
  const rank = kind === 'images' ? 3 : 1;
  return splits.some((split) => new RegExp(`^${split}-${kind}[-.]idx${rank}-ubyte(\\.gz)?$`).test(name));
}

async function unpacked(content: Uint8Array, file: string): Promise<Uint8Array> {
  if (content[0] !== 0x1f || content[1] !== 0x8b) return content;
  try {
    return new Uint8Array(await unzip(content, { maxOutputLength: maxUnpackedBytes }));
  } catch (error) {
    throw invalid(file, 'a whole gzip file', error instanceof Error ? error.message : 'a damaged one');
  }
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

function invalid(file: string, expected: string, found: string): DistilleryError {
  return new DistilleryError(
    'InvalidDataset',
    `${file}: expected ${expected}, found ${found}. Get the file again from where the data set is published.`,
  );
}
