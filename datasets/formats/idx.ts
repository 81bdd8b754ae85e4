/**
 * @file The IDX format of MNIST and its relatives: two zero bytes, element type, number of dimensions, the
 * dimensions as big-endian 32-bit numbers, then the elements. Files may be gzipped.
 */
import { DistilleryError } from '../../errors/errors.js';
import { arraySplit } from '../array-split.js';
import type { Scratch } from '../files/scratch.js';
import type { DataFile, FileTree } from '../files/tree.js';
import type { DatasetFormat } from '../format.js';
import type { ImageSplit } from '../split.js';
import type { StoredArray } from '../stored-array.js';
import { wrongFile } from '../wrong-file.js';

const unsignedByte = 0x08;

/** A folder with train and t10k (or test) images and labels, as MNIST and Fashion-MNIST are published. */
export const idxFormat: DatasetFormat = {
  name: 'idx',
  looksFor:
    'train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte (or .gz)',
  pictures: false,
  subsets: false,
  detect: ({ files }) => files.some(({ path }) => matches(path, ['train', 't10k', 'test'], 'images')),
  async open(tree, { scratch }) {
    const read = async (splits: readonly string[]): Promise<ImageSplit> => {
      const images = await readIdx(find(tree, splits, 'images'), 3, scratch);
      return arraySplit(images, await readIdx(find(tree, splits, 'labels'), 1, scratch), 1);
    };
    return { train: await read(['train']), test: await read(['t10k', 'test']) };
  },
};

/**
 * @param rank dimensions it must have: 3 for images, 1 for labels.
 * @throws DistilleryError `InvalidDataset` naming the file, what was expected and what was found.
 */
export async function readIdx(packed: DataFile, rank: number, scratch: Scratch): Promise<StoredArray> {
  const start = await packed.read(0, Math.min(2, packed.bytes));
  const file = start[0] === 0x1f && start[1] === 0x8b ? await scratch.gunzipped(packed) : packed;
  const { label } = packed;
  const headerBytes = 4 + 4 * rank;
  const header = await file.read(0, Math.min(headerBytes, file.bytes));
  if (header.length < 4) throw wrongFile(label, 'an IDX header of 4 bytes', `${header.length} bytes`);
  if (header[0] !== 0 || header[1] !== 0 || header[2] !== unsignedByte || header[3] !== rank) {
    const magic = [0, 0, unsignedByte, rank].map(hex).join(' ');
    throw wrongFile(label, `the magic number ${magic}`, [...header.subarray(0, 4)].map(hex).join(' '));
  }
  if (header.length < headerBytes) {
    throw wrongFile(label, `a header of ${headerBytes} bytes`, `${header.length} bytes`);
  }
  const view = new DataView(header.buffer, header.byteOffset, headerBytes);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  if (shape.includes(0)) throw wrongFile(label, 'dimensions above 0', shape.join(' x '));
  const expected = headerBytes + shape.reduce((product, size) => product * size, 1);
  if (file.bytes !== expected) {
    const verdict = file.bytes < expected ? 'the file is cut off' : 'there are bytes after the last element';
    throw wrongFile(label, `${expected} bytes for ${shape.join(' x ')}`, `${file.bytes}: ${verdict}`);
  }
  return { label, file, offset: headerBytes, type: 'u8', shape };
}

type Kind = 'images' | 'labels';

function find({ files, label }: FileTree, splits: readonly string[], kind: Kind): DataFile {
  // Unpacked before gzipped, if both are there.
  const file = files.find(({ path }) => matches(path, splits, kind));
  if (file !== undefined) return file;
  const name = `${splits[0] ?? ''}-${kind}-idx${kind === 'images' ? 3 : 1}-ubyte`;
  throw new DistilleryError(
    'InvalidDataset',
    `${label} has no ${name} (or .gz). All four files must be in the folder.`,
  );
}

function matches(path: string, splits: readonly string[], kind: Kind): boolean {
  const rank = kind === 'images' ? 3 : 1;
  return splits.some((split) => new RegExp(`^${split}-${kind}[-.]idx${rank}-ubyte(\\.gz)?$`).test(path));
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
