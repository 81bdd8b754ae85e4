/**
 * @file The published definitions on made-up images of the true shape and number of classes: expert, distillation
 * and evaluation, with narrow networks and few steps and without whitening, so that it takes seconds.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { recordTrajectorySet } from '../../activities/record-trajectory-set.js';
import { datasetKey } from '../../artifacts/layout.js';
import { decodeDistilled } from '../../artifacts/result-folder.js';
import { writeSplit } from '../../datasets/shards.js';
import { memorySplit } from '../../datasets/split.js';
import type { DatasetManifest } from '../../datasets/dataset.js';
import { compile } from '../../definition/index.js';
import type { DistillStage, EvaluateStage, TrainExpertsStage } from '../../definition/plan.js';
import type { ImageShape } from '../../networks/spec.js';
import { bandImages } from '../support/images.js';
import { distillChunk, evaluateNetwork, OwnStore, run, trainExpert } from './tiny-tasks.js';

/** From `dist/test/compute`. */
const folder = fileURLToPath(new URL('../../../pipelines/paper/', import.meta.url));
const width = 4;

async function madeUp(store: OwnStore, name: string, shape: ImageShape, classes: number) {
  const split = async (count: number, seed: number) =>
    writeSplit(store, memorySplit(bandImages(count, classes, shape, seed)));
  const channels = Array.from({ length: shape.channels }, () => 0.4);
  const manifest: DatasetManifest = {
    name,
    shape,
    classes,
    classNames: Array.from({ length: classes }, (_, label) => `class ${label}`),
    mean: channels,
    std: channels,
    flip: true,
    train: await split(2 * classes + 6, 1),
    test: await split(classes, 2),
  };
  const { reference } = await store.putManifest(datasetKey(name), manifest);
  return { manifest: reference, holdout: 2, seed: 1 };
}

const square = (side: number): ImageShape => ({ channels: 3, height: side, width: side });

describe('a published definition runs', () => {
  for (const [name, shape, classes] of [
    ['cifar-10-ipc-1', square(32), 10],
    ['cifar-100-ipc-50', square(32), 100],
    ['tiny-imagenet-ipc-10', square(64), 200],
    ['imagenet-ipc-10', square(128), 10],
    ['long-short-range', square(32), 10],
    ['start-epochs', square(32), 10],
  ] as const)
    it(name, async () => {
      const { plan } = compile(readFileSync(`${folder}${name}.yaml`, 'utf8'));
      const stage = <S extends { uses: string }>(uses: S['uses']) =>
        plan.stages.find((candidate) => candidate.uses === uses) as unknown as S;
      const experts = stage<TrainExpertsStage>('train-experts').with;
      const { method, init, augmentation } = stage<DistillStage>('distill').with;
      assert.ok(method.name === 'mtt' && typeof init === 'string');
      const evaluation = stage<EvaluateStage>('evaluate').with;
      assert.equal(plan.network.architecture, 'ConvNet');
      const network = { ...plan.network, width };

      const store = new OwnStore();
      const dataset = await madeUp(store, plan.dataset.source, shape, classes);
      const common = { dataset, network, seed: plan.seed };
      const config = { ...experts, epochs: method.expertEpochs };
      const { trajectory } = await run(trainExpert, { ...common, config, index: 0 }, store);
      const { trajectories } = await recordTrajectorySet(store, {
        key: name,
        network,
        trajectories: [trajectory],
      });
      const short = { ...method, synSteps: 2, maxStartEpoch: 1, ...(method.batchSyn && { batchSyn: 12 }) };
      const chunk = {
        ...common,
        trajectories,
        config: { method: short, ipc: 1, init, augmentation },
        iterations: 2,
        from: 0,
        to: 2,
      };
      const { candidate, loss } = await run(distillChunk, chunk, store);
      assert.ok(Number.isFinite(loss) && loss > 0, `${loss}`);
      const distilled = decodeDistilled(await store.get(candidate));
      assert.equal(distilled.images.length, classes * 3 * shape.height * shape.width);
      const { lr, momentum, weightDecay, batchSize } = evaluation;
      const { accuracy } = await run(
        evaluateNetwork,
        {
          ...common,
          lr,
          momentum,
          weightDecay,
          batchSize,
          augmentation,
          epochs: 2,
          trainingSet: { kind: 'distilled', result: candidate },
          split: 'test',
          run: 0,
        },
        store,
      );
      assert.ok(accuracy >= 0 && accuracy <= 1);
    });
});
