/**
 * @file A distillation with every setting of the method, as a task on a store: stopped anywhere, it goes on to the
 * same bytes, and what it learned is what networks are trained on.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MttConfig } from '../../definition/plan.js';
import { safetensorsMediaType } from '../../artifacts/checkpoints.js';
import { decodeDistilled, encodeDistilled } from '../../artifacts/result-folder.js';
import type { DistillChunkInput } from '../../compute/protocol.js';
import {
  distillChunk,
  evaluateNetwork,
  evaluation,
  forget,
  inPieces,
  run,
  withExperts,
} from './tiny-tasks.js';

describe('distillChunk with all settings', () => {
  it('gives the same bytes however it is preempted, and learned labels to train with', async (t) => {
    const { store, dataset, chunk } = await withExperts(t);
    const plain = chunk(0, 5);
    const { method } = plain.config;
    assert.ok(method.name === 'mtt');
    const with_ = (change: Partial<MttConfig>): DistillChunkInput => ({
      ...plain,
      config: { ...plain.config, method: { ...method, ...change } },
    });
    const settings: Partial<MttConfig> = {
      labels: 'learned',
      lrLabels: 5,
      emaDecay: 0.9,
      expertsPerStep: 2,
      keepFraction: 0.9,
      startEpochGrowth: { from: 1, iterations: 4 },
    };
    const input = with_(settings);
    const expected = await run(distillChunk, input, store);
    await forget(store);
    const { result, stops } = await inPieces(distillChunk, input, store, 1);
    assert.ok(stops >= 4);
    assert.deepEqual([result.candidate, result.metrics], [expected.candidate, expected.metrics]);

    const { softLabels, labels, images } = decodeDistilled(await store.get(result.candidate));
    assert.equal(softLabels?.length, labels.length * 4);
    assert.ok(softLabels.every((value) => value > 0 && value < 1));
    // The average is not where the images are.
    const last = await run(distillChunk, with_({ ...settings, emaDecay: 0 }), store);
    assert.notDeepEqual(decodeDistilled(await store.get(last.candidate)).images, images);

    const trainOn = async (candidate: typeof result.candidate) => {
      const trainingSet = { kind: 'distilled', result: candidate } as const;
      return (await run(evaluateNetwork, evaluation(dataset, { trainingSet }), store)).loss;
    };
    const plainly = await run(distillChunk, plain, store);
    assert.equal(decodeDistilled(await store.get(plainly.candidate)).softLabels, undefined);
    // The same images by their classes alone.
    const { softLabels: learned, ...classes } = decodeDistilled(await store.get(result.candidate));
    assert.ok(learned);
    const hardly = await store.putBlob(encodeDistilled(classes), safetensorsMediaType);
    assert.notEqual(await trainOn(result.candidate), await trainOn(hardly));
  });
});
