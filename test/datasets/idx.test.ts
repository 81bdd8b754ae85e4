import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { Scratch } from '../../datasets/files/scratch.js';
import { readIdx } from '../../datasets/formats/idx.js';
import { readRows } from '../../datasets/stored-array.js';
import { idxBytes, temporaryFolder, writeIdxFolder } from '../support/idx.js';
import { bandImages } from '../support/images.js';
import { memoryFile, readDataset } from '../support/memory-file.js';

const pixels = Uint8Array.from({ length: 12 }, (_, i) => i * 20);
const whole = idxBytes([2, 2, 3], pixels);
const changed = (at: number, value: number): Uint8Array => whole.map((byte, i) => (i === at ? value : byte));

async function parse(bytes: Uint8Array, file: string) {
  const scratch = new Scratch();
  try {
    const { shape, ...array } = await readIdx(memoryFile(file, bytes), 3, scratch);
    const rows = await readRows({ shape, ...array }, 0, shape[0] ?? 0);
    return { shape, data: Uint8Array.from(rows) };
  } finally {
    await scratch.close();
  }
}

test('an IDX file is read, gzipped or not', async () => {
  for (const bytes of [whole, new Uint8Array(gzipSync(whole))]) {
    assert.deepEqual(await parse(bytes, 'file'), { shape: [2, 2, 3], data: pixels });
  }
});

const broken: [string, Uint8Array, RegExp][] = [
  ['empty', new Uint8Array(), /expected an IDX header of 4 bytes, found 0 bytes/],
  [
    'not IDX',
    new TextEncoder().encode('<html>404</html>'),
    /expected the magic number 00 00 08 03, found 3c 68 74 6d/,
  ],
  ['floats', changed(2, 0x0d), /found 00 00 0d 03/],
  ['labels where images should be', idxBytes([12], pixels), /found 00 00 08 01/],
  ['a header cut off', whole.subarray(0, 10), /expected a header of 16 bytes, found 10 bytes/],
  ['cut off', whole.subarray(0, 27), /expected 28 bytes for 2 x 2 x 3, found 27: the file is cut off/],
  ['too long', Uint8Array.of(...whole, 0), /found 29: there are bytes after the last element/],
  ['an absurd size', changed(4, 0xff), /expected \d+ bytes for 4278190082 x 2 x 3/],
  ['no images', idxBytes([0, 2, 3], new Uint8Array()), /expected dimensions above 0, found 0 x 2 x 3/],
  ['gzip cut off', new Uint8Array(gzipSync(whole)).subarray(0, 30), /expected a whole gzip file/],
  ['gzip damaged', new Uint8Array(gzipSync(whole)).map((byte, i) => (i === 20 ? byte ^ 0xff : byte)), /gzip/],
];
for (const [what, bytes, message] of broken) {
  test(`an IDX file is refused: ${what}`, async () => {
    await assert.rejects(parse(bytes, 'dir/train-images-idx3-ubyte'), (error: Error) => {
      assert.match(error.message, message);
      assert.match(error.message, /^dir\/train-images-idx3-ubyte: /);
      return error.name === 'InvalidDataset';
    });
  });
}

const shape = { channels: 1, height: 4, width: 5 };
const train = bandImages(12, 3, shape);
const held = bandImages(6, 3, shape, 2);

test('a folder as MNIST is published is recognised and read', async (t) => {
  const folder = await temporaryFolder(t);
  await writeIdxFolder(folder, train, held);
  const classNames = ['0', '1', '2'];
  assert.deepEqual(await readDataset(folder), { format: 'idx', train, test: held, classNames });
});

test('what is wrong with a folder is said', async (t) => {
  const folder = await temporaryFolder(t);
  await assert.rejects(readDataset(folder), {
    code: 'InvalidDataset',
    message: /no data set of a known format \(idx/,
  });
  await assert.rejects(readDataset(join(folder, 'none')), {
    code: 'InvalidDataset',
    message: /There is no .*none/,
  });
  await writeIdxFolder(folder, train, held);
  await writeFile(join(folder, 'train-labels-idx1-ubyte.gz'), idxBytes([11], new Uint8Array(11)));
  await assert.rejects(readDataset(folder), {
    code: 'InvalidDataset',
    message:
      /train-labels-idx1-ubyte\.gz: expected 12 labels, one for each image of .*train-images.*, found 11/,
  });
  await rm(join(folder, 'train-labels-idx1-ubyte.gz'));
  await assert.rejects(readDataset(folder), {
    code: 'InvalidDataset',
    message: /has no train-labels-idx1-ubyte/,
  });
});
