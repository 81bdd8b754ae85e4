import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { Reference } from '../../artifacts/reference.js';
import { importBuiltin } from '../../datasets/builtin.js';
import { importDataset } from '../../datasets/import.js';
import { loadDataset } from '../../datasets/load.js';
import { readSplit, writeSplit } from '../../datasets/shards.js';
import { memorySplit } from '../../datasets/split.js';
import { PixelStatistics } from '../../datasets/statistics.js';
import { temporaryFolder, writeIdxFolder } from '../support/idx.js';
import { bandImages } from '../support/images.js';
import { MemoryStore } from '../support/memory-store.js';

const shape = { channels: 1, height: 28, width: 28 };
const train = bandImages(60, 10, shape);
const held = bandImages(20, 10, shape, 2);

async function folderOf(t: TestContext, images = train): Promise<string> {
  const folder = await temporaryFolder(t);
  await writeIdxFolder(folder, images, held);
  return folder;
}

test('an imported data set is loaded as it was', async (t) => {
  const store = new MemoryStore();
  const { manifest, reference } = await importDataset(store, await folderOf(t), {
    name: 'bands',
    flip: false,
  });
  assert.equal(reference.key, 'datasets/bands.json');
  assert.deepEqual(manifest.classNames, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  assert.equal(manifest.flip, false);
  assert.deepEqual(await loadDataset(store, reference), { manifest, train, test: held });
});

test('importing the same data again changes nothing; other data needs another name', async (t) => {
  const store = new MemoryStore();
  const folder = await folderOf(t);
  const first = await importDataset(store, folder, { name: 'bands' });
  const keys = store.keys();
  assert.deepEqual(await importDataset(store, folder, { name: 'bands' }), first);
  assert.deepEqual(store.keys(), keys);
  const other = await folderOf(t, bandImages(60, 10, shape, 9));
  await assert.rejects(importDataset(store, other, { name: 'bands' }), {
    code: 'InvalidDataset',
    message: /Another data set is called bands.*Choose another name/,
  });
  assert.equal((await importDataset(store, other, { name: 'bands-2' })).manifest.name, 'bands-2');
});

test('a built-in name brings its class names, constants and shape', async (t) => {
  const store = new MemoryStore();
  const folder = await folderOf(t);
  const digits = await importDataset(store, folder, { name: 'mnist' });
  assert.deepEqual(
    [digits.manifest.mean, digits.manifest.std, digits.manifest.flip],
    [[0.1307], [0.3081], false],
  );
  const small = bandImages(20, 10, { channels: 1, height: 8, width: 8 });
  const wrong = await temporaryFolder(t);
  await writeIdxFolder(wrong, small, small);
  await assert.rejects(importDataset(store, wrong, { name: 'fashion-mnist' }), {
    code: 'InvalidDataset',
    message: /fashion-mnist has images of 1 x 28 x 28, found 1 x 8 x 8/,
  });
});

test('labels beyond the classes and splits that differ are refused', async (t) => {
  const store = new MemoryStore();
  const folder = await folderOf(t);
  await assert.rejects(importDataset(store, folder, { name: 'x', classNames: ['a', 'b', 'c'] }), {
    code: 'InvalidDataset',
    message: /train image 3 has label 3, expected 0 to 2 for 3 classes/,
  });
  await writeIdxFolder(folder, train, bandImages(20, 10, { channels: 1, height: 27, width: 28 }));
  await assert.rejects(importDataset(store, folder, { name: 'x' }), {
    code: 'InvalidDataset',
    message: /training images are 1 x 28 x 28, test images 1 x 27 x 28/,
  });
  for (const name of ['', 'Bands', 'a/b', '../x']) {
    await assert.rejects(importDataset(store, folder, { name }), { code: 'InvalidDataset' }, name);
  }
  assert.deepEqual(store.keys(), []);
});

test('mean and std are those of the pixels, per channel', () => {
  const images = Uint8Array.of(0, 255, 10, 10, 255, 0, 10, 20);
  const statistics = new PixelStatistics({ channels: 2, height: 1, width: 2 });
  statistics.add(images.subarray(0, 4));
  statistics.add(images.subarray(4));
  const { mean, std } = statistics.result();
  assert.deepEqual(mean, [0.5, 12.5 / 255]);
  assert.deepEqual(std, [0.5, Math.sqrt(18.75) / 255]);
  const flat = new PixelStatistics({ channels: 2, height: 1, width: 2 });
  flat.add(new Uint8Array(8));
  assert.throws(() => flat.result(), {
    code: 'InvalidDataset',
    message: /Channel 0 .* the value 0 everywhere/,
  });
});

test('large splits are divided into shards, each within one object', async () => {
  const store = new MemoryStore();
  const large = bandImages(3, 3, { channels: 3, height: 3000, width: 2000 });
  const split = await writeSplit(store, memorySplit(large));
  assert.equal(split.shards.length, 2);
  assert.ok(split.shards.every(({ bytes }) => bytes <= 48 * 1024 * 1024));
  const read = await readSplit(split, large.shape, 3, (shard) => store.get(shard));
  assert.deepEqual(read.labels, large.labels);
  assert.ok(Buffer.from(read.images.buffer).equals(large.images));
});

test('chosen images are read in the order in which they were chosen', async () => {
  const store = new MemoryStore();
  const split = await writeSplit(store, memorySplit(train));
  const wanted = Uint32Array.of(59, 0, 31);
  const read = await readSplit(split, shape, 10, (shard) => store.get(shard), wanted);
  assert.deepEqual([read.count, [...read.labels]], [3, [9, 0, 1]]);
  wanted.forEach((index, place) => {
    const image = (of: Uint8Array, at: number): Uint8Array => of.subarray(at * 784, (at + 1) * 784);
    assert.deepEqual(image(read.images, place), image(train.images, index));
  });
});

test('shards that do not fit their manifest are refused', async () => {
  const store = new MemoryStore();
  const split = await writeSplit(store, memorySplit(train));
  const read = (shard: Reference): Promise<Uint8Array> => store.get(shard);
  await assert.rejects(readSplit({ ...split, count: 61 }, shape, 10, read), {
    message: /expected 61 images in all, found 60/,
  });
  await assert.rejects(readSplit({ ...split, count: 59 }, shape, 10, read), { code: 'InvalidDataset' });
  await assert.rejects(readSplit(split, { ...shape, width: 27 }, 10, read), { code: 'InvalidDataset' });
  await assert.rejects(readSplit(split, shape, 9, read), { message: /labels from 0 to 8, found 9/ });
});

test('a built-in data set comes into the store once, from where its files are', async (t) => {
  const store = new MemoryStore();
  const folder = await folderOf(t);
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  const nowhere = (): Promise<undefined> => Promise.resolve(undefined);
  assert.equal(await importBuiltin(store, 'cifar-1000', say, nowhere), undefined);
  await assert.rejects(importBuiltin(store, 'fashion-mnist', say, nowhere), {
    code: 'InvalidDataset',
    message: /fashion-mnist is neither at memory nor on this machine/,
  });
  const reference = await importBuiltin(store, 'fashion-mnist', say, () => Promise.resolve(folder));
  assert.equal(reference?.key, 'datasets/fashion-mnist.json');
  assert.match(said.at(-1)!, /60 training and 20 test images/);
  assert.deepEqual(await importBuiltin(store, 'fashion-mnist', say, nowhere), reference);
});
