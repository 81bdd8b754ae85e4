/**
 * @file A data set that stays on disk gives the images that it gives in memory.
 */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { describe, it, type TestContext } from 'node:test';
import type { DatasetManifest, ImageSource, LabelledImages } from '../../datasets/dataset.js';
import { loadDataset, openImages } from '../../datasets/load.js';
import { writeSplit } from '../../datasets/shards.js';
import { memorySplit } from '../../datasets/split.js';
import { Stream } from '../../random/stream.js';
import { temporaryFolder } from '../support/idx.js';
import { bandImages } from '../support/images.js';
import { MemoryStore } from '../support/memory-store.js';

const shape = { channels: 3, height: 5, width: 4 };
const size = 60;

/** A manifest whose shards have so many images. */
async function stored(counts: readonly number[], change: Partial<DatasetManifest> = {}) {
  const store = new MemoryStore();
  const split = async (seed: number) => {
    const all = bandImages(
      counts.reduce((sum, count) => sum + count, 0),
      4,
      shape,
      seed,
    );
    const shards = [];
    let from = 0;
    for (const count of counts) {
      const part: LabelledImages = {
        shape,
        count,
        images: all.images.subarray(from * size, (from + count) * size),
        labels: all.labels.subarray(from, from + count),
      };
      shards.push(...(await writeSplit(store, memorySplit(part))).shards);
      from += count;
    }
    return { count: all.count, shards };
  };
  const manifest: DatasetManifest = {
    name: 'bands',
    shape,
    classes: 4,
    classNames: ['a', 'b', 'c', 'd'],
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
    flip: true,
    train: await split(1),
    test: await split(2),
    ...change,
  };
  return { store, ...(await store.putManifest('datasets/bands.json', manifest)) };
}

async function room(t: TestContext, memory = 0) {
  return { memory, folder: await temporaryFolder(t), folderBytes: 1e9 };
}

function rows({ count, labels, pixels }: ImageSource): string[] {
  return Array.from({ length: count }, (_, index) => `${labels[index]!}: ${pixels(index).join()}`);
}

describe('a data set on disk', () => {
  it('gives the same images in the same order, from shards of any size', async (t) => {
    const { store, reference } = await stored([7, 1, 12, 3]);
    const choose = (): Uint32Array => new Stream(3, 'report-samples').permutation(23).subarray(0, 20);
    const within = await openImages(store, reference, { choose });
    assert.equal(within.inMemory, true);
    const files = await openImages(store, reference, { choose, room: await room(t) });
    assert.equal(files.inMemory, false);
    assert.deepEqual(rows(files.train), rows(within.train));
    assert.deepEqual(rows(files.test), rows(within.test));
    assert.deepEqual(files.train.labels, (await loadDataset(store, reference, { choose })).train.labels);
    files.close();
    assert.throws(() => files.train.pixels(0), { code: 'EBADF' });
  });

  it('is chosen where the images that are wanted do not fit into memory', async (t) => {
    const { store, reference } = await stored([40]);
    const whole = (40 + 40) * size;
    const within = async (
      memory: number,
      options: Parameters<typeof openImages>[2] = {},
    ): Promise<boolean> => {
      const opened = await openImages(store, reference, { ...options, room: await room(t, memory) });
      opened.close();
      return opened.inMemory;
    };
    assert.equal(await within(whole), true);
    assert.equal(await within(whole - 1), false);
    assert.equal(await within(whole - 1, { choose: () => Uint32Array.of(4, 2) }), true);
    assert.equal(await within(whole, { bytesPerPixel: 5 }), false);
  });

  it('is refused where shards do not fit their manifest, and leaves no file open', async (t) => {
    const open = async (change: Partial<DatasetManifest>): Promise<void> => {
      const { store, reference } = await stored([5, 5], change);
      (await openImages(store, reference, { room: await room(t) })).close();
    };
    const before = (await readdir('/proc/self/fd')).length;
    await open({});
    await assert.rejects(open({ classes: 3, classNames: ['a', 'b', 'c'] }), {
      message: /labels from 0 to 2, found 3/,
    });
    await assert.rejects(open({ shape: { ...shape, width: 5 } }), { message: /images of 3 x 5 x 5/ });
    const { body } = (await (await stored([5, 5])).store.getManifest('datasets/bands.json'))!;
    const { train } = body as DatasetManifest;
    await assert.rejects(open({ train: { ...train, count: 11 } }), {
      message: /expected 11 images in all, found 10/,
    });
    await assert.rejects(open({ train: { ...train, count: 9 } }), { code: 'InvalidDataset' });
    assert.equal((await readdir('/proc/self/fd')).length, before);
  });

  it('can be interrupted between shards', async (t) => {
    const { store, reference } = await stored([4, 4, 4]);
    let shards = 0;
    const between = (): Promise<void> => {
      shards += 1;
      return shards === 2 ? Promise.reject(new Error('enough')) : Promise.resolve();
    };
    await assert.rejects(openImages(store, reference, { room: await room(t), between }), {
      message: 'enough',
    });
    assert.equal(shards, 2);
  });
});
