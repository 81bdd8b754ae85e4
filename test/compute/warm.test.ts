import assert from 'node:assert/strict';
import test from 'node:test';
import { runImages } from '../../compute/warm.js';
import type { TaskContext } from '../../compute/context.js';
import { MemoryStore } from '../support/memory-store.js';

test('a data set that memory cannot hold is refused before an image is read', async () => {
  const store = new MemoryStore();
  const manifest = {
    name: 'vast',
    shape: { channels: 3, height: 256, width: 256 },
    classes: 2,
    classNames: ['a', 'b'],
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
    flip: true,
    train: { count: 100_000_000, shards: [] },
    test: { count: 20, shards: [] },
  };
  const { reference } = await store.putManifest('datasets/vast.json', manifest);
  const context = { store } as unknown as TaskContext;
  const dataset = { manifest: reference, holdout: 10, seed: 1 };
  await assert.rejects(runImages(context, dataset), {
    code: 'InvalidDataset',
    message: /images of vast that this run uses take 18310\.6 GiB, .* set a lower dataset\.limit/,
  });
  // With a limit the images would fit; that there are none is found when they are read.
  await assert.rejects(runImages(context, { ...dataset, limit: 20 }), {
    code: 'InvalidDataset',
    message: /expected 100000000 images in all, found 0/,
  });
});
