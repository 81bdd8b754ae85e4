/**
 * @file Training on ZCA-whitened images: fitted once, stored, used by every task, undone for pictures.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resolveDataset } from '../../activities/resolve-dataset.js';
import { decodeDistilled } from '../../artifacts/result-folder.js';
import { findWhitening, getWhitening, putWhitening } from '../../artifacts/whitenings.js';
import { expertUnit, whiteningUnit } from '../../compute/unit-keys.js';
import { pixelsOf } from '../../distillation/batches.js';
import { runImages } from '../../compute/warm.js';
import { asPictures } from '../../report/read.js';
import { MemoryStore } from '../support/memory-store.js';
import { tinyClasses } from '../support/tiny.js';
import {
  contextOf,
  distillation,
  distillChunk,
  evaluateNetwork,
  evaluation,
  expert,
  newStore,
  run,
  trainExpert,
} from './tiny-tasks.js';

describe('whitened images', () => {
  it('are those of the stored whitening from experts to evaluation, and become pictures again', async (t) => {
    const { store, dataset: plain } = await newStore(t);
    const dataset = { ...plain, zca: true } as const;
    assert.notEqual(expertUnit(expert(dataset, 4)), expertUnit(expert(plain, 4)));
    const experts = [(await run(trainExpert, expert(dataset, 4), store)).trajectory];
    const { chunk } = await distillation(store, dataset, experts);
    const input = chunk(0, 1);
    const still = { ...input.config, method: { ...input.config.method, lrImg: 1e-20 } };
    const { candidate } = await run(distillChunk, { ...input, config: still }, store);
    const set = decodeDistilled(await store.get(candidate));
    assert.deepEqual(set.whitening, await findWhitening(store, whiteningUnit(plain.manifest)));
    assert.deepEqual([set.mean, set.std], [[0], [1]]);

    // One real image of each class, as long as nothing has moved it.
    const { trainBytes } = await runImages(contextOf(store).context, dataset);
    const real = Array.from(trainBytes.labels, (_, at) => trainBytes.pixels(at).slice());
    const size = pixelsOf(trainBytes.shape);
    const { images } = await asPictures(store, set);
    for (let label = 0; label < tinyClasses; label += 1) {
      const picture = images.slice(label * size, (label + 1) * size).map((value) => Math.round(value * 255));
      const place = real.findIndex((bytes) => bytes.join() === picture.join());
      assert.equal(trainBytes.labels[place], label);
    }
    assert.notDeepEqual(images, set.images);

    const trained = evaluation(dataset, { trainingSet: { kind: 'distilled', result: candidate } });
    const { accuracy } = await run(evaluateNetwork, trained, store);
    assert.ok(accuracy >= 0 && accuracy <= 1);
    assert.equal(store.keys().filter((key) => key.startsWith('whitenings/')).length, 1);
  });

  it('use a whitening that is in the store', async (t) => {
    const { store, dataset } = await newStore(t);
    const { trainBytes } = await runImages(contextOf(store).context, dataset);
    const size = pixelsOf(trainBytes.shape);
    const diagonal = (value: number): Float32Array =>
      Float32Array.from({ length: size * size }, (_, at) => (at % (size + 1) === 0 ? value : 0));
    const mean = new Float32Array(size).fill(0.25);
    const own = { mean, transform: diagonal(2), inverse: diagonal(0.5) };
    const stored = await putWhitening(store, whiteningUnit(dataset.manifest), own);
    const { train, manifest } = await runImages(contextOf(store).context, { ...dataset, zca: true });
    assert.deepEqual(manifest.whitening, stored);
    const { images, targets } = train.batch(Uint32Array.of(5));
    images.forEach((value, at) => {
      const expected = 2 * (trainBytes.pixels(5)[at]! / 255 - 0.25);
      assert.ok(Math.abs(value - expected) < 1e-6);
    });
    assert.equal(targets.indexOf(1), trainBytes.labels[5]);
    assert.deepEqual((await getWhitening(store, stored, 'inverse')).matrix, own.inverse);
    // A second one for the same images leaves the first alone.
    const other = { ...own, transform: diagonal(3) };
    assert.deepEqual(await putWhitening(store, whiteningUnit(dataset.manifest), other), stored);
  });

  it('are refused where the matrices would be too large', async () => {
    const store = new MemoryStore();
    await store.putManifest('datasets/large.json', {
      name: 'large',
      shape: { channels: 3, height: 64, width: 64 },
      classes: 2,
      train: { count: 100, shards: [] },
      test: { count: 100, shards: [] },
    });
    const none = (): Promise<undefined> => Promise.resolve(undefined);
    await assert.rejects(resolveDataset(store, none, { source: 'large', holdout: 5, zca: true }, 1), {
      code: 'InvalidDefinition',
      message: /`dataset\.zca` is for images of at most 4000 values; those of large have 3 x 64 x 64 = 12288/,
    });
    const found = await resolveDataset(store, none, { source: 'large', holdout: 5 }, 1);
    assert.equal('zca' in found, false);
  });
});
