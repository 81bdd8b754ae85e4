/**
 * @file What the tasks make of a data set does not depend on whether it is in memory or on disk.
 */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { describe, it, type TestContext } from 'node:test';
import type { DistillConfig } from '../../definition/plan.js';
import type { ImageRoom } from '../../datasets/load.js';
import { runImages } from '../../compute/warm.js';
import { temporaryFolder } from '../support/idx.js';
import {
  contextOf,
  distillation,
  distillChunk,
  evaluateNetwork,
  evaluation,
  expert,
  newStore,
  run,
  selectImages,
  trainExpert,
} from './tiny-tasks.js';

const dm: DistillConfig['method'] = {
  name: 'dm',
  batchReal: 4,
  lrImg: 1,
  lrTrain: 0.05,
  momentum: 0.5,
};

/** Digests of all that the tasks make, and whether the images were held. */
async function results(t: TestContext, zca: boolean, imageRoom?: ImageRoom) {
  const { store, dataset: plain } = await newStore(t);
  const dataset = { ...plain, ...(zca && { zca: true as const }) };
  const task = <I, R>(
    work: (input: I, context: ReturnType<typeof contextOf>['context']) => Promise<R>,
    input: I,
  ) => run(work, input, store, imageRoom);
  const trained = await task(trainExpert, expert(dataset, 4, 0.9));
  const { chunk } = await distillation(store, dataset, [trained.trajectory]);
  const input = chunk(0, 3);
  const matched = await task(distillChunk, input);
  const aligned = await task(distillChunk, { ...input, config: { ...input.config, method: dm } });
  const method = {
    name: 'forgetting',
    epochs: 2,
    lr: 0.05,
    momentum: 0.9,
    weightDecay: 0,
    batchSize: 16,
    augmentation: 'dsa',
  } as const;
  const { network, seed } = input;
  const selected = await task(selectImages, { dataset, network, config: { method, ipc: 2, lr: 0.03 }, seed });
  const random = await task(evaluateNetwork, evaluation(dataset));
  const { held } = await runImages(contextOf(store, undefined, undefined, imageRoom).context, dataset);
  return {
    held: held > 0,
    made: {
      expert: trained.trajectory.sha256,
      accuracies: trained.accuracyByEpoch,
      mtt: matched.candidate.sha256,
      dm: aligned.candidate.sha256,
      forgetting: selected.result.sha256,
      random: [random.accuracy, random.loss],
    },
  };
}

describe('images on disk', () => {
  for (const zca of [false, true])
    it(`give the bytes that images in memory give${zca ? ', whitened' : ''}`, async (t) => {
      const folder = await temporaryFolder(t);
      const room = (memory: number): ImageRoom => ({ memory, folder, folderBytes: 1e9 });
      const within = await results(t, zca, room(1e9));
      assert.equal(within.held, true);
      const onDisk = await results(t, zca, room(0));
      assert.equal(onDisk.held, false);
      assert.deepEqual(onDisk.made, within.made);
      // The shards stay for the next process; what is made of them does not.
      const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) =>
        entry.isFile(),
      );
      assert.equal(files.length, 2);
      assert.ok(files.every(({ name }) => /^[0-9a-f]{64}$/.test(name)));
    });
});
