import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { importDataset } from '../../datasets/import.js';
import { temporaryFolder } from '../support/idx.js';
import { readDataset } from '../support/memory-file.js';
import { MemoryStore } from '../support/memory-store.js';
import { gzipParquet, pathsParquet, snappyParquet, zstdParquet } from '../support/parquet.js';
import { writeFiles } from '../support/pictures.js';

const shape = { channels: 3, height: 8, width: 8 };

/** The images that the files hold. */
function imagesOf(count: number): Uint8Array {
  return Uint8Array.from({ length: count * 192 }, (_, at) => {
    const [x, y] = [at % 8, Math.floor(at / 8) % 8];
    return [x * 30, y * 30, Math.floor(at / 192) * 10][Math.floor(at / 64) % 3]!;
  });
}
const seven = { shape, count: 7, images: imagesOf(7), labels: Int32Array.of(0, 1, 0, 1, 0, 1, 0) };
const four = { shape, count: 4, images: imagesOf(4), labels: Int32Array.of(0, 1, 0, 1) };
const classNames = ['cat', 'dog'];

async function folderOf(t: TestContext, files: Record<string, Uint8Array>): Promise<string> {
  const folder = await temporaryFolder(t);
  await writeFiles(folder, Object.entries(files));
  return folder;
}

test('Parquet files of both splits, compressed in two ways', async (t) => {
  const expected = { format: 'parquet', train: seven, test: four, classNames };
  const names = ['data/train-00000-of-00001.parquet', 'data/test-00000-of-00001.parquet'] as const;
  const hub = await folderOf(t, {
    [names[0]]: snappyParquet,
    [names[1]]: gzipParquet,
    'README.md': new Uint8Array(),
  });
  assert.deepEqual(await readDataset(hub), expected);
  const converted = { 'train/0000.parquet': snappyParquet, 'validation/0000.parquet': gzipParquet };
  assert.deepEqual(await readDataset(await folderOf(t, converted)), expected);
});

test('several files of a split follow one another; without test rows some are held out', async (t) => {
  const folder = await folderOf(t, {
    'train-00000-of-00002.parquet': snappyParquet,
    'train-00001-of-00002.parquet': gzipParquet,
  });
  const { train, test: drawn } = await readDataset(folder);
  assert.deepEqual([train.count, drawn.count], [9, 2]);
  const size = 192;
  for (const { images, labels } of [train, drawn]) {
    labels.forEach((label, i) => assert.equal(((images[i * size + 128] ?? 0) / 10) % 2, label));
  }
  const alone = await folderOf(t, { 'any.parquet': snappyParquet });
  const store = new MemoryStore();
  const { manifest } = await importDataset(store, join(alone, 'any.parquet'), { name: 'pets', size: 4 });
  assert.deepEqual([manifest.shape.width, manifest.train.count, manifest.classNames], [4, 5, classNames]);
});

const wrong: [string, Record<string, Uint8Array>, RegExp][] = [
  [
    'a file is missing',
    { 'train-00000-of-00002.parquet': snappyParquet },
    /expected 2 files like train-00000-of-00002\.parquet, found 1/,
  ],
  [
    'a file is cut off',
    { 'a.parquet': snappyParquet.subarray(0, 2000) },
    /a\.parquet: expected a whole Parquet file, found/,
  ],
  [
    'a file is damaged',
    { 'a.parquet': snappyParquet.slice().fill(0xff, 30, 400) },
    /a\.parquet.*: expected a whole P/,
  ],
  [
    'pictures are only named',
    { 'a.parquet': pathsParquet },
    /row 0: expected the bytes of a picture in image, found none/,
  ],
  [
    'compression is unknown',
    { 'a.parquet': zstdParquet },
    /expected compression UNCOMPRESSED, SNAPPY, GZIP, BROTLI, found ZSTD/,
  ],
];
for (const [what, files, message] of wrong) {
  test(`Parquet is refused: ${what}`, async (t) => {
    await assert.rejects(readDataset(await folderOf(t, files)), { code: 'InvalidDataset', message });
  });
}
