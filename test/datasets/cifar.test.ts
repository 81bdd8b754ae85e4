import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { importDataset } from '../../datasets/import.js';
import { tarBytes } from '../support/archives.js';
import { cifarBytes } from '../support/cifar.js';
import { temporaryFolder } from '../support/idx.js';
import { bandImages } from '../support/images.js';
import { readDataset } from '../support/memory-file.js';
import { MemoryStore } from '../support/memory-store.js';

const shape = { channels: 3, height: 32, width: 32 };
const names = ['plane', 'car', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const parts = [1, 2, 3, 4, 5].map((seed) => bandImages(20, 10, shape, seed));
const held = bandImages(10, 10, shape, 9);
const train = {
  shape,
  count: 100,
  images: new Uint8Array(Buffer.concat(parts.map(({ images }) => images))),
  labels: Int32Array.from(parts.flatMap(({ labels }) => [...labels])),
};
const files: [string, Uint8Array][] = [
  ['batches.meta.txt', new TextEncoder().encode(`${names.join('\n')}\n\n`)],
  ...parts.map((part, i): [string, Uint8Array] => [`data_batch_${i + 1}.bin`, cifarBytes(part, 10)]),
  ['test_batch.bin', cifarBytes(held, 10)],
];

async function folderOf(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t);
  for (const [name, content] of files) await writeFile(join(folder, name), content);
  return folder;
}

test('CIFAR-10 is read as files, in the folder of its archive, and as the archive', async (t) => {
  const expected = { format: 'cifar-10', train, test: held, classNames: names };
  assert.deepEqual(await readDataset(await folderOf(t)), expected);
  const members = files.map(([name, content]) => [`cifar-10-batches-bin/${name}`, content] as const);
  const above = await temporaryFolder(t);
  await mkdir(join(above, 'cifar-10-batches-bin'));
  for (const [name, content] of members) await writeFile(join(above, name), content);
  assert.deepEqual(await readDataset(above), expected);
  const packed = await temporaryFolder(t);
  const archive = join(packed, 'cifar-10-binary.tar.gz');
  await writeFile(archive, gzipSync(tarBytes(members)));
  assert.deepEqual(await readDataset(archive), expected);
  assert.deepEqual(await readDataset(packed), expected);
});

test('CIFAR-100 is labelled by its fine classes and has constants of its own', async (t) => {
  const folder = await temporaryFolder(t);
  const all = bandImages(200, 100, shape);
  await writeFile(join(folder, 'train.bin'), cifarBytes(all, 100));
  await writeFile(join(folder, 'test.bin'), cifarBytes(all, 100));
  const read = await readDataset(folder);
  assert.equal(read.format, 'cifar-100');
  assert.deepEqual(read.train, all);
  const { manifest } = await importDataset(new MemoryStore(), folder, { name: 'mine' });
  assert.deepEqual(manifest.mean, [0.5071, 0.4866, 0.4409]);
  assert.deepEqual(manifest.std, [0.2673, 0.2564, 0.2762]);
  assert.equal(manifest.classes, 100);
});

const damage: [string, (folder: string) => Promise<void>, RegExp][] = [
  ['a file is missing', (folder) => rm(join(folder, 'data_batch_3.bin')), /has no data_batch_3\.bin/],
  [
    'a file is cut off',
    (folder) => writeFile(join(folder, 'data_batch_2.bin'), cifarBytes(parts[0]!, 10).subarray(0, 5000)),
    /data_batch_2\.bin: expected a multiple of 3073 bytes, one record for each image, found 5000 bytes/,
  ],
  [
    'a label is out of range',
    (folder) => {
      const bytes = cifarBytes(parts[0]!, 10);
      bytes[3073 * 4] = 11;
      return writeFile(join(folder, 'data_batch_4.bin'), bytes);
    },
    /data_batch_4\.bin: expected labels from 0 to 9, found 11 in record 4/,
  ],
  [
    'names are missing',
    (folder) => writeFile(join(folder, 'batches.meta.txt'), 'plane\ncar\n'),
    /batches\.meta\.txt: expected 10 names, found 2/,
  ],
  [
    'a class is absent from the test images',
    (folder) => writeFile(join(folder, 'test_batch.bin'), cifarBytes(bandImages(9, 10, shape), 10)),
    /the test split has no image of 1 of 10 classes \(truck\)/,
  ],
];
for (const [what, harm, message] of damage) {
  test(`CIFAR-10 is refused: ${what}`, async (t) => {
    const folder = await folderOf(t);
    await harm(folder);
    await assert.rejects(readDataset(folder), { code: 'InvalidDataset', message });
  });
}
