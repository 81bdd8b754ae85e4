/**
 * @file Data sets in Parquet files as Hugging Face publishes them, a file or more for each split.
 */
import { z } from 'zod';
import type { ImageShape } from '../../networks/spec.js';
import { baseName, type DataFile, type FileTree } from '../files/tree.js';
import type { DatasetFormat } from '../format.js';
import { pictureShape, toImage, type PictureFile } from '../pictures/picture-split.js';
import { pixelCount, type ImageSplit } from '../split.js';
import { wrongFile } from '../wrong-file.js';
import { openParquet, type ParquetFile } from './parquet-file.js';

/** Of the first rows that are looked at for the shape. */
const probeRows = 32;
/** Decoded at once. */
const batchRows = 64;

const pictureSchema = z.union([
  z.instanceof(Uint8Array),
  z.object({ bytes: z.instanceof(Uint8Array) }).transform(({ bytes }) => bytes),
]);

export const parquetFormat: DatasetFormat = {
  name: 'parquet',
  looksFor: 'train-*.parquet and test-*.parquet (or validation-*), with columns of images and labels',
  pictures: true,
  subsets: false,
  detect: ({ files }) => files.some(({ path }) => path.endsWith('.parquet')),
  async open(tree, { size }) {
    const { train, test } = divide(tree);
    const trainFiles = await Promise.all(train.map(openParquet));
    const [first] = trainFiles;
    if (first === undefined) throw wrongFile(tree.label, 'Parquet files of training images', 'none');
    const shape = await pictureShape(await probe(first), size);
    const resize = size !== undefined;
    const testFiles = await Promise.all(test.map(openParquet));
    return {
      train: await parquetSplit(trainFiles, shape, resize),
      ...(testFiles.length === 0 ? {} : { test: await parquetSplit(testFiles, shape, resize) }),
      ...(first.classNames === undefined ? {} : { classNames: first.classNames }),
    };
  },
};

/** By the names of the files or of their folders; files that name no split are for training. */
function divide({ files, label }: FileTree): { train: DataFile[]; test: DataFile[] } {
  const parquet = files.filter(({ path }) => path.endsWith('.parquet'));
  const of = (split: string): DataFile[] =>
    parquet.filter(({ path }) => new RegExp(`(^|[/_-])${split}[^/]*(/[^/]*)?$`).test(path));
  const testing = ['test', 'validation', 'valid', 'val'].map(of);
  const train = of('train');
  const named = new Set(testing.flat());
  const divided = {
    train: train.length > 0 ? train : parquet.filter((file) => !named.has(file)),
    test: testing.find((found) => found.length > 0) ?? [],
  };
  for (const split of [divided.train, divided.test]) checkComplete(split, label);
  return divided;
}

/** `train-00000-of-00005.parquet` needs its four sisters. */
function checkComplete(files: readonly DataFile[], place: string): void {
  const parts = files.flatMap(({ path }) => /-of-(\d+)/.exec(baseName(path))?.[1] ?? []);
  const expected = Number(parts[0] ?? 0);
  if (expected === 0 || parts.length === expected) return;
  throw wrongFile(place, `${expected} files like ${baseName(files[0]?.path ?? '')}`, String(parts.length));
}

async function probe(parquet: ParquetFile): Promise<PictureFile[]> {
  const rows = Math.min(probeRows, parquet.groups[0] ?? 0);
  if (rows === 0) throw wrongFile(parquet.file.label, 'rows', 'none');
  const pictures = await parquet.column(parquet.imageColumn, 0, rows);
  return pictures.map((value, row) => {
    const content = pictureOf(value, parquet, row);
    return { label: nameRow(parquet, row), read: () => Promise.resolve(content) };
  });
}

async function parquetSplit(
  files: readonly ParquetFile[],
  shape: ImageShape,
  resize: boolean,
): Promise<ImageSplit> {
  const labels: number[] = [];
  /** Index of the first row of each file. */
  const begins: number[] = [];
  for (const parquet of files) {
    begins.push(labels.length);
    for (const { from, to } of rowGroups(parquet)) {
      const values = await parquet.column(parquet.labelColumn, from, to);
      values.forEach((value, i) => labels.push(labelOf(value, parquet, from + i)));
    }
  }
  return {
    shape,
    labels: Int32Array.from(labels),
    nameOf: (index) => {
      const at = begins.findLastIndex((begin) => begin <= index);
      const parquet = files[at];
      return parquet === undefined ? `image ${index}` : nameRow(parquet, index - (begins[at] ?? 0));
    },
    async *batches(keep) {
      for (const [number, parquet] of files.entries()) {
        for (const { from, to } of rowGroups(parquet)) {
          const pictures = await parquet.column(parquet.imageColumn, from, to);
          const rows = pictures.map((value, i) => ({ value, row: from + i }));
          const wanted = rows.filter(({ row }) => keep?.((begins[number] ?? 0) + row) ?? true);
          for (let at = 0; at < wanted.length; at += batchRows) {
            yield decodeRows(wanted.slice(at, at + batchRows), parquet, shape, resize);
          }
        }
      }
    },
  };
}

function decodeRows(
  rows: readonly { value: unknown; row: number }[],
  parquet: ParquetFile,
  shape: ImageShape,
  resize: boolean,
): Uint8Array {
  const images = new Uint8Array(rows.length * pixelCount(shape));
  rows.forEach(({ value, row }, i) => {
    const image = toImage(pictureOf(value, parquet, row), nameRow(parquet, row), shape, resize);
    images.set(image, i * pixelCount(shape));
  });
  return images;
}

function* rowGroups({ groups }: ParquetFile): Generator<{ from: number; to: number }> {
  let from = 0;
  for (const rows of groups) {
    yield { from, to: from + rows };
    from += rows;
  }
}

function pictureOf(value: unknown, parquet: ParquetFile, row: number): Uint8Array {
  const picture = pictureSchema.safeParse(value);
  if (picture.success) return picture.data;
  const advice = 'Write the pictures into the file, not only their paths.';
  throw wrongFile(nameRow(parquet, row), `the bytes of a picture in ${parquet.imageColumn}`, 'none', advice);
}

function labelOf(value: unknown, parquet: ParquetFile, row: number): number {
  const label = typeof value === 'bigint' ? Number(value) : value;
  if (typeof label === 'number' && Number.isInteger(label) && Math.abs(label) < 2 ** 31) return label;
  const found = typeof value === 'string' ? JSON.stringify(value) : String(value);
  throw wrongFile(
    nameRow(parquet, row),
    `a whole number in ${parquet.labelColumn}`,
    found,
    'Correct the labels.',
  );
}

function nameRow({ file }: ParquetFile, row: number): string {
  return `${file.label}: row ${row}`;
}
