/**
 * @file The distillation methods that follow no expert, as chunks on the real engine and a store in memory.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { putDistilled } from '../../artifacts/distilled-sets.js';
import { decodeDistilled } from '../../artifacts/result-folder.js';
import type { DistillChunkInput, SelectImagesInput } from '../../compute/protocol.js';
import type { DistillMethod } from '../../definition/plan.js';
import { tinyNetwork } from '../support/tiny.js';
import {
  distillChunk,
  evaluateNetwork,
  evaluation,
  forget,
  inPieces,
  newStore,
  run,
  selectImages,
  stopAfter,
} from './tiny-tasks.js';

const shared = { momentum: 0.5, batchReal: 8, lrTrain: 0.05 };
const loops = { outerLoops: 2, innerEpochs: 2, lrNet: 0.05 };
const dd: DistillMethod = {
  name: 'dd',
  ...{ synSteps: 2, batchSyn: 3, batchReal: 8, lrImg: 1, lrLr: 1e-3 },
  ...{ lrInit: 0.05, lrFloor: 1e-6, momentum: 0.5 },
};
const kip: DistillMethod = {
  ...{ name: 'kip', depth: 1, weightVariance: 2, biasVariance: 0.01, ridge: 1e-6 },
  ...{ lrImg: 0.04, batchReal: 24, lrTrain: 0.05 },
};
const methods: Exclude<DistillMethod, { name: 'mtt' | 'dd' | 'kip' }>[] = [
  { name: 'dm', lrImg: 1, ...shared },
  { name: 'dc', lrImg: 0.1, ...shared, ...loops },
  { name: 'dsa', lrImg: 0.1, ...shared, ...loops },
];

async function chunks(t: Parameters<typeof newStore>[0]) {
  const { store, dataset } = await newStore(t);
  const chunk = (method: DistillMethod, from: number, to: number): DistillChunkInput => ({
    dataset,
    network: tinyNetwork,
    config: { method, ipc: 1, init: 'real', augmentation: 'dsa' },
    seed: 3,
    iterations: 100,
    from,
    to,
  });
  return { store, dataset, chunk };
}

const nameOf = (method: DistillMethod) =>
  'labels' in method ? `${method.name} with ${method.labels} labels` : method.name;

describe('distillChunk without experts', () => {
  for (const method of [...methods, dd, kip, { ...kip, labels: 'learned' as const, lrLabels: 0.01 }])
    it(`gives the same images by ${nameOf(method)} however it is divided and preempted`, async (t) => {
      const { store, dataset, chunk } = await chunks(t);
      const expected = await run(distillChunk, chunk(method, 0, 5), store);
      const set = decodeDistilled(await store.get(expected.candidate));
      assert.deepEqual([set.iteration, set.ipc, set.learnedRate], [5, 1, Math.fround(expected.learnedRate)]);
      assert.equal(expected.learnedRate === 0.05, method.name !== 'dd');
      assert.ok(Number.isFinite(expected.loss) && expected.loss > 0);
      assert.equal(set.softLabels !== undefined, 'labels' in method);
      assert.equal(expected.kernelAccuracy !== undefined, method.name === 'kip');
      if (expected.kernelAccuracy) assert.ok(expected.kernelAccuracy.test! > 0.5);

      await forget(store);
      let last = await run(distillChunk, chunk(method, 0, 2), store);
      const { result, stops } = await inPieces(distillChunk, chunk(method, 2, 5), store, 1);
      assert.ok(stops > 1);
      last = result;
      assert.deepEqual(
        [last.candidate, last.metrics, last.loss, last.learnedRate, last.kernelAccuracy],
        [expected.candidate, expected.metrics, expected.loss, expected.learnedRate, expected.kernelAccuracy],
      );

      await forget(store);
      await stopAfter(distillChunk, chunk(method, 0, 5), store, 3, 'preempt', 'breaths');
      assert.deepEqual((await run(distillChunk, chunk(method, 0, 5), store)).candidate, expected.candidate);

      const trainingSet = { kind: 'distilled', result: expected.candidate } as const;
      const trained = await run(evaluateNetwork, evaluation(dataset, { trainingSet, lr: 'learned' }), store);
      assert.ok(trained.accuracy >= 0.5, `accuracy ${trained.accuracy}`);
    });

  it('augments for dsa and not for dc', async (t) => {
    const { store, chunk } = await chunks(t);
    const [, dc, dsa] = methods;
    const plain = await run(distillChunk, chunk(dc!, 0, 1), store);
    const augmented = await run(distillChunk, chunk(dsa!, 0, 1), store);
    assert.notEqual(plain.loss, augmented.loss);
    const input = chunk(dsa!, 0, 1);
    const without = await run(
      distillChunk,
      { ...input, config: { ...input.config, augmentation: 'none' } },
      store,
    );
    assert.equal(without.loss, plain.loss);
  });

  it('starts from images that are given, and only from as many', async (t) => {
    const { store, dataset, chunk } = await chunks(t);
    const select = (ipc: number): SelectImagesInput => ({
      ...{ dataset, network: tinyNetwork, seed: 3 },
      config: { method: { name: 'random' }, ipc, lr: 0.01 },
    });
    const { result: initial } = await run(selectImages, select(1), store);
    const from = (change: Partial<DistillChunkInput>) => {
      const input = chunk({ ...methods[0]!, lrImg: 1e-12 }, 0, 1);
      return run(distillChunk, { ...input, config: { ...input.config, init: 'given' }, ...change }, store);
    };
    const { candidate } = await from({ initial });
    const [first, start] = await Promise.all(
      [candidate, initial].map(async (set) => decodeDistilled(await store.get(set)).images),
    );
    assert.ok(first!.every((value, i) => Math.abs(value - start![i]!) < 1e-6));
    const random = await run(distillChunk, chunk({ ...methods[0]!, lrImg: 1e-12 }, 0, 1), store);
    assert.notEqual(random.candidate.sha256, candidate.sha256);

    const { result: more } = await run(selectImages, select(2), store);
    await assert.rejects(from({ initial: more }), {
      code: 'InvalidDefinition',
      message: /images to start from are 2 for each of 4 classes, .* needs 1 for each of 4/,
    });
    const other = { ...decodeDistilled(await store.get(initial)), mean: [0.1] };
    const scaled = await putDistilled(store, other);
    await assert.rejects(from({ initial: scaled }), {
      code: 'InvalidDefinition',
      message: /images to start from are normalised by mean 0\.1 and std .*: make them alike/,
    });
    await assert.rejects(from({}), { code: 'InvalidDefinition', message: /no images to start from/ });
  });

  it('says what is wrong', async (t) => {
    const { store, chunk } = await chunks(t);
    const batch = { ...chunk(methods[0]!, 0, 1), network: { ...tinyNetwork, norm: 'batch' as const } };
    await assert.rejects(run(distillChunk, batch, store), {
      code: 'InvalidDefinition',
      message: /dm looks at one class at a time/,
    });
    const wild = chunk({ ...methods[0]!, lrImg: 1e38 }, 0, 5);
    await assert.rejects(run(distillChunk, wild, store), {
      code: 'Diverged',
      message: /diverged in iteration .* Last good checkpoint: checkpoints\//s,
    });
    const mtt = { synSteps: 1, expertEpochs: 1, maxStartEpoch: 1, lrImg: 1, lrLr: 0, lrInit: 1, lrFloor: 1 };
    await assert.rejects(run(distillChunk, chunk({ name: 'mtt', momentum: 0, ...mtt }, 0, 1), store), {
      code: 'InvalidDefinition',
      message: /Trajectory matching needs experts/,
    });
  });
});
