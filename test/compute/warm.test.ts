import assert from 'node:assert/strict';
import test from 'node:test';
import { runImages } from '../../compute/warm.js';
import type { TaskContext } from '../../compute/context.js';
import { MemoryStore } from '../support/memory-store.js';

test('a data set for which there is no room is refused before an image is read', async () => {
  const store = new MemoryStore();
  const shard = { key: 'blobs/vast', sha256: 'a'.repeat(64), bytes: 200 * 1024 ** 3, mediaType: 'x' };
  const manifest = {
    name: 'vast',
    shape: { channels: 3, height: 256, width: 256 },
    classes: 2,
    classNames: ['a', 'b'],
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
    flip: true,
    train: { count: 1_000_000, shards: [shard] },
    test: { count: 20, shards: [] },
  };
  const { reference } = await store.putManifest('datasets/vast.json', manifest);
  const imageRoom = { memory: 1024 ** 3, folder: '/nowhere', folderBytes: 100 * 1024 ** 3 };
  const context = { store, imageRoom } as unknown as TaskContext;
  const dataset = { manifest: reference, holdout: 10, seed: 1 };
  await assert.rejects(runImages(context, dataset), {
    code: 'InvalidDataset',
    message:
      /images of vast take 200\.0 GiB; this worker may hold 1\.0 GiB of images in memory and 100\.0 GiB in \/nowhere\. Set a lower dataset\.limit/,
  });
  // With a limit the images would fit into memory; that there are none is found when they are read.
  await assert.rejects(runImages(context, { ...dataset, limit: 20 }), { code: 'Corrupt' });
});
