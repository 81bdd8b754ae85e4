/**
 * @file Networks trained on the whole training set, on the real engine: what there is to be had.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { evaluationUnit } from '../../compute/unit-keys.js';
import { runImages } from '../../compute/warm.js';
import { accuracy } from '../../distillation/accuracy.js';
import { resolveAugmentation } from '../../distillation/augmentation/strategy.js';
import { createNetworkPrograms } from '../../distillation/compile-programs.js';
import { EvaluationTraining, initialEvaluation } from '../../distillation/evaluation.js';
import { buildNetwork } from '../../networks/registry.js';
import { tinyNetwork } from '../support/tiny.js';
import { contextOf, evaluateNetwork, evaluation, inPieces, newStore, run, stopAfter } from './tiny-tasks.js';

const whole = { trainingSet: { kind: 'full' }, batchSize: 16 } as const;
/** 48 images, of which 8 are held out. */
const stepsPerEpoch = 3;

describe('a training on the whole set', () => {
  it('takes every training image once an epoch, and none that is held out', async (t) => {
    const { store, dataset } = await newStore(t);
    const steps = async (change: Parameters<typeof evaluation>[1]) => {
      const { context, steps: counted } = contextOf(store);
      await evaluateNetwork(evaluation(dataset, { ...whole, ...change }), context);
      return counted.taken;
    };
    assert.equal(await steps({ epochs: 2 }), 2 * stepsPerEpoch);
    assert.equal(await steps({ epochs: 2, batchSize: 40 }), 2);
  });

  it('is the published training on those images', async (t) => {
    const { store, dataset } = await newStore(t);
    const input = evaluation(dataset, { ...whole, epochs: 3, lr: 0.02 });
    const { context } = contextOf(store);
    const { manifest, train, test } = await runImages(context, dataset);
    assert.equal(train.count, 40);
    const programs = createNetworkPrograms(
      buildNetwork(tinyNetwork, manifest.shape, manifest.classes),
      context.device,
    );
    const settings = {
      ...{ epochs: 3, lr: 0.02, momentum: 0.9, weightDecay: 5e-4, batchSize: 16, seed: 3, run: 0 },
      operations: resolveAugmentation('dsa', manifest.flip),
      split: 'test',
    } as const;
    const training = new EvaluationTraining(
      programs,
      train,
      settings,
      initialEvaluation(programs.network, settings),
    );
    let loss = Number.NaN;
    while (!training.finished) loss = training.step().finishedEpoch?.loss ?? loss;
    const expected = { accuracy: accuracy(programs, training.parameters, test), loss };
    training.release();
    const { accuracy: measured, loss: last } = await run(evaluateNetwork, input, store);
    assert.deepEqual({ accuracy: measured, loss: last }, expected);
  });

  it('goes on from its checkpoints to the same number, and is found by whoever wants it next', async (t) => {
    const undisturbed = await newStore(t);
    const input = evaluation(undisturbed.dataset, { ...whole, epochs: 6 });
    const expected = await run(evaluateNetwork, input, undisturbed.store);
    const { store } = await newStore(t);
    const { result, stops } = await inPieces(evaluateNetwork, input, store, 4);
    assert.ok(stops > 2);
    assert.deepEqual(result, expected);
    assert.deepEqual(store.checkpoints(), []);
    const { context, steps } = contextOf(store);
    assert.deepEqual(await evaluateNetwork(input, context), expected);
    assert.equal(steps.taken, 0);
  });

  it('keeps what it has when its worker leaves in the middle of an epoch', async (t) => {
    const { store, dataset } = await newStore(t);
    const input = evaluation(dataset, { ...whole, epochs: 4 });
    await stopAfter(evaluateNetwork, input, store, 2 * stepsPerEpoch + 1);
    const { context, steps } = contextOf(store);
    await evaluateNetwork(input, context);
    assert.equal(steps.taken, 4 * stepsPerEpoch - (2 * stepsPerEpoch + 1));
  });

  it('is the same whatever was distilled, and another by any setting', async (t) => {
    const { dataset } = await newStore(t);
    const input = evaluation(dataset, whole);
    const units = [
      input,
      { ...input, run: 1 },
      { ...input, epochs: 8 },
      { ...input, lr: 0.1 },
      { ...input, trainingSet: { kind: 'random', ipc: 3 } as const },
    ].map(evaluationUnit);
    assert.equal(new Set(units).size, units.length);
    assert.equal(evaluationUnit({ ...input, trainingSet: { kind: 'full' } }), units[0]);
  });

  it('says that it diverged, and by which setting', async (t) => {
    const { store, dataset } = await newStore(t);
    const wild = evaluation(dataset, { ...whole, lr: 1e30, momentum: 0 });
    await assert.rejects(run(evaluateNetwork, wild, store), {
      code: 'Diverged',
      message: /Training on the whole training set diverged in epoch \d+ .*smaller full\.lr/,
    });
    const learned = evaluation(dataset, { ...whole, lr: 'learned' });
    await assert.rejects(run(evaluateNetwork, learned, store), { code: 'InvalidDefinition' });
  });
});
