/**
 * @file CIFAR-10 and CIFAR-100 in their binary versions: records of one or two label bytes and 3 x 32 x 32
 * pixels, without a header.
 */
import { DistilleryError } from '../../errors/errors.js';
import { datasetFacts } from '../facts.js';
import { baseName, type DataFile, type FileTree } from '../files/tree.js';
import type { DatasetFormat } from '../format.js';
import { onlyKept, pixelCount, type ImageSplit } from '../split.js';
import { wrongFile } from '../wrong-file.js';

const shape = { channels: 3, height: 32, width: 32 };
/** Read at once. */
const batchRecords = 1000;

interface Variant {
  readonly name: 'cifar-10' | 'cifar-100';
  readonly train: readonly string[];
  readonly test: readonly string[];
  /** Classes of each label byte of a record; the last is the label. */
  readonly labels: readonly number[];
  /** File with the names of the classes, a line each. */
  readonly names: string;
}

const variants: readonly Variant[] = [
  {
    name: 'cifar-10',
    train: [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.bin`),
    test: ['test_batch.bin'],
    labels: [10],
    names: 'batches.meta.txt',
  },
  {
    name: 'cifar-100',
    train: ['train.bin'],
    test: ['test.bin'],
    labels: [20, 100],
    names: 'fine_label_names.txt',
  },
];

/** The files of either, as published. */
export const cifarFormats: readonly DatasetFormat[] = variants.map((variant) => ({
  name: variant.name,
  looksFor: [...variant.train, ...variant.test].join(', '),
  pictures: false,
  subsets: false,
  detect: ({ files }) => files.some(({ path }) => path === variant.train[0] || path === variant.test[0]),
  async open(tree) {
    const constants = datasetFacts(variant.name);
    const classNames = await readNames(tree, variant);
    return {
      train: await openSplit(variant, find(tree, variant.train)),
      test: await openSplit(variant, find(tree, variant.test)),
      ...(constants === undefined ? {} : { constants }),
      ...(classNames === undefined ? {} : { classNames }),
    };
  },
}));

function find({ files, label }: FileTree, names: readonly string[]): DataFile[] {
  return names.map((name) => {
    const file = files.find(({ path }) => path === name);
    if (file !== undefined) return file;
    throw new DistilleryError('InvalidDataset', `${label} has no ${name}. Unpack the whole archive.`);
  });
}

async function readNames({ files }: FileTree, { names, labels }: Variant): Promise<string[] | undefined> {
  const file = files.find(({ path }) => baseName(path) === names);
  if (file === undefined) return undefined;
  const lines = new TextDecoder().decode(await file.read()).split('\n');
  const found = lines.map((line) => line.trim()).filter((line) => line !== '');
  const classes = labels.at(-1) ?? 0;
  if (found.length !== classes) throw wrongFile(file.label, `${classes} names`, String(found.length));
  return found;
}

async function openSplit({ labels: labelClasses }: Variant, files: readonly DataFile[]): Promise<ImageSplit> {
  const size = pixelCount(shape);
  const recordBytes = labelClasses.length + size;
  for (const { label, bytes } of files) {
    if (bytes === 0 || bytes % recordBytes !== 0) {
      throw wrongFile(
        label,
        `a multiple of ${recordBytes} bytes, one record for each image`,
        `${bytes} bytes`,
      );
    }
  }
  const labels: number[] = [];
  for await (const { file, first, records } of recordBatches(files, recordBytes)) {
    for (let at = 0; at < records.length; at += recordBytes) {
      labelClasses.forEach((classes, place) => {
        const label = records[at + place] ?? 0;
        if (label < classes) return;
        const record = first + at / recordBytes;
        throw wrongFile(file.label, `labels from 0 to ${classes - 1}`, `${label} in record ${record}`);
      });
      labels.push(records[at + labelClasses.length - 1] ?? 0);
    }
  }
  return {
    shape,
    labels: Int32Array.from(labels),
    nameOf: (index) => nameRecord(files, recordBytes, index),
    async *batches(keep) {
      let index = 0;
      for await (const { records } of recordBatches(files, recordBytes)) {
        const count = records.length / recordBytes;
        const images = new Uint8Array(count * size);
        for (let i = 0; i < count; i += 1) {
          const begin = i * recordBytes + labelClasses.length;
          images.set(records.subarray(begin, begin + size), i * size);
        }
        yield* onlyKept(images, size, index, keep);
        index += count;
      }
    },
  };
}

async function* recordBatches(
  files: readonly DataFile[],
  recordBytes: number,
): AsyncGenerator<{ file: DataFile; first: number; records: Uint8Array }> {
  for (const file of files) {
    const step = batchRecords * recordBytes;
    for (let at = 0; at < file.bytes; at += step) {
      const records = await file.read(at, Math.min(file.bytes, at + step));
      yield { file, first: at / recordBytes, records };
    }
  }
}

function nameRecord(files: readonly DataFile[], recordBytes: number, index: number): string {
  let rest = index;
  for (const { label, bytes } of files) {
    const count = bytes / recordBytes;
    if (rest < count) return `${label}: record ${rest}`;
    rest -= count;
  }
  return `image ${index}`;
}
