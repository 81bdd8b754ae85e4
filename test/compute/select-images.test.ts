/**
 * @file The selection of real images on the real engine and a store in memory: what it gives, and that it gives the
 * same however often it is stopped.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeDistilled } from '../../artifacts/result-folder.js';
import type { SelectImagesInput, SelectImagesResult } from '../../compute/protocol.js';
import { imagesInMemory } from '../../datasets/image-source.js';
import { loadDataset } from '../../datasets/load.js';
import { NormalisedImages } from '../../distillation/batches.js';
import { divideRun, runOrder } from '../../distillation/split.js';
import type { CoresetMethod } from '../../definition/plan.js';
import { tinyClasses, tinyNetwork } from '../support/tiny.js';
import {
  evaluateNetwork,
  evaluation,
  inPieces,
  newStore,
  run,
  selectImages,
  stopAfter,
  withExperts,
  type OwnStore,
} from './tiny-tasks.js';

const forgetting: CoresetMethod = {
  name: 'forgetting',
  epochs: 5,
  lr: 1,
  momentum: 0.9,
  weightDecay: 0,
  batchSize: 16,
  augmentation: 'dsa',
};
const methods: CoresetMethod[] = [{ name: 'random' }, { name: 'herding' }, { name: 'k-center' }, forgetting];

async function selection(t: Parameters<typeof withExperts>[0]) {
  const { store, dataset, chunk } = await withExperts(t);
  const { trajectories } = chunk(0, 1);
  const input = (method: CoresetMethod, ipc = 2): SelectImagesInput => ({
    dataset,
    network: tinyNetwork,
    ...((method.name === 'herding' || method.name === 'k-center') && { trajectories }),
    config: { method, ipc, lr: 0.03 },
    seed: 3,
  });
  return { store, dataset, input };
}

async function chosen(store: OwnStore, { result }: SelectImagesResult) {
  return decodeDistilled(await store.get(result));
}

describe('selectImages', () => {
  it('gives different real images of each class by every method', async (t) => {
    const { store, dataset, input } = await selection(t);
    const { manifest, train } = await loadDataset(store, dataset.manifest, {
      choose: (found) => runOrder(found.train.count, dataset),
    });
    const split = divideRun(imagesInMemory(train), tinyClasses, dataset).train;
    const real = new NormalisedImages(split, tinyClasses, manifest);
    const all = real.batch(Uint32Array.from({ length: split.count }, (_, at) => at)).images;
    const names = Array.from({ length: split.count }, (_, at) => all.subarray(at * 64, at * 64 + 64).join());
    const results = new Set<string>();
    for (const method of methods) {
      const selected = await run(selectImages, input(method), store);
      assert.equal(selected.count, 2 * tinyClasses);
      const set = await chosen(store, selected);
      assert.deepEqual([...set.labels], [0, 0, 1, 1, 2, 2, 3, 3]);
      assert.deepEqual([set.ipc, set.iteration, Math.fround(0.03)], [2, 0, set.learnedRate]);
      const found = [...set.labels].map((label, at) => {
        const place = names.indexOf(set.images.subarray(at * 64, at * 64 + 64).join());
        assert.equal(split.labels[place], label, `${method.name} chooses images of the class`);
        return place;
      });
      assert.equal(new Set(found).size, found.length, `${method.name} chooses none twice`);
      results.add(selected.result.sha256);
    }
    assert.equal(results.size, methods.length, 'the methods choose differently');
  });

  for (const method of methods)
    it(`gives the same by ${method.name} however often it is preempted`, async (t) => {
      const { store, input } = await selection(t);
      const expected = await run(selectImages, input(method), store);
      for (const key of store.checkpoints()) await store.remove(key);
      const pause = method.name === 'forgetting' ? 3 : 100;
      const { result, stops } = await inPieces(selectImages, input(method), store, pause);
      assert.deepEqual(result, expected);
      if (method.name === 'forgetting') assert.ok(stops > 2, `${stops} stops`);
    });

  it('counts on from a shorter count, and what it takes does not matter', async (t) => {
    const { store, input } = await selection(t);
    const long = { ...forgetting, epochs: 7 };
    const whole = await selection(t);
    const expected = await run(selectImages, whole.input(long), whole.store);
    await run(selectImages, input(forgetting, 1), store);
    assert.deepEqual(await run(selectImages, input(long), store), expected);
  });

  it('writes nothing when it is given up', async (t) => {
    const { store, input } = await selection(t);
    const keys = store.keys();
    await stopAfter(selectImages, input(forgetting), store, 4, 'drop');
    await stopAfter(selectImages, input({ name: 'herding' }), store, 1, 'drop');
    assert.deepEqual(store.keys(), keys);
  });

  it('is evaluated as distilled images are', async (t) => {
    const { store, dataset, input } = await selection(t);
    const { result } = await run(selectImages, input({ name: 'herding' }), store);
    const trained = await run(
      evaluateNetwork,
      evaluation(dataset, { trainingSet: { kind: 'distilled', result }, lr: 'learned' }),
      store,
    );
    assert.ok(trained.accuracy > 1 / tinyClasses);
  });

  it('says what is wrong', async (t) => {
    const { store, input } = await selection(t);
    const without = { ...input({ name: 'random' }), config: input({ name: 'herding' }).config };
    await assert.rejects(run(selectImages, without, store), {
      code: 'InvalidDefinition',
      message: /herding chooses by the features of an expert/,
    });
    await assert.rejects(run(selectImages, input({ name: 'random' }, 1000), store), {
      code: 'InvalidDefinition',
      message: /ipc is 1000, but the training images have only \d+ of class 0/,
    });
    const batch = { ...input({ name: 'k-center' }), network: { ...tinyNetwork, norm: 'batch' as const } };
    await assert.rejects(run(selectImages, batch, store), { message: /no running averages/ });
    await assert.rejects(run(selectImages, input({ ...forgetting, lr: 1e30 }), store), {
      code: 'Diverged',
      message: /what is forgotten diverged in epoch \d+ .*smaller lr/,
    });
    const { store: other, dataset } = await newStore(t);
    await assert.rejects(run(selectImages, { ...input({ name: 'herding' }), dataset }, other), {
      code: 'Corrupt',
    });
  });
});
