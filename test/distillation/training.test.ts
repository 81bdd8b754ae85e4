/**
 * @file Experts and evaluations: they learn, they follow their rules, and they go on from any step bit for bit.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accuracy } from '../../distillation/accuracy.js';
import { resolveAugmentation } from '../../distillation/augmentation/strategy.js';
import { FloatImages, oneHot } from '../../distillation/batches.js';
import {
  EvaluationTraining,
  initialEvaluation,
  rateDropEpoch,
  type EvaluationSettings,
} from '../../distillation/evaluation.js';
import { ExpertTraining, initialExpert, type ExpertSettings } from '../../distillation/expert.js';
import type { TrainingState } from '../../distillation/training.js';
import { openTensorflowDevice } from '../../tensor/tensorflow-device.js';
import { tinyImages, tinyPrograms } from '../support/tiny.js';

const device = await openTensorflowDevice();
const programs = tinyPrograms(device);
const { network } = programs;
const { normalised } = tinyImages(50);
const operations = resolveAugmentation('dsa', true);

const expert: ExpertSettings = {
  lr: 0.05,
  momentum: 0.9,
  weightDecay: 5e-4,
  batchSize: 16,
  operations,
  seed: 3,
  index: 1,
};

/** The state after so many steps, exported and imported again after each of the given ones. */
function trainExpert(settings: ExpertSettings, steps: number, stops: readonly number[]): TrainingState {
  let training = new ExpertTraining(programs, normalised, settings, initialExpert(network, settings));
  for (let step = 1; step <= steps; step++) {
    training.step();
    if (!stops.includes(step)) continue;
    const state = structuredClone(training.exportState());
    training.release();
    training = new ExpertTraining(programs, normalised, settings, state);
  }
  const state = training.exportState();
  training.release();
  return state;
}

describe('an expert', () => {
  it('learns, and reports the mean loss of each epoch', () => {
    const settings = { ...expert, operations: [] };
    const test = tinyImages(40, 2).normalised;
    const training = new ExpertTraining(programs, normalised, settings, initialExpert(network, settings));
    assert.equal(training.stepsPerEpoch, 4);
    const before = accuracy(programs, training.parameters, test);
    const losses: number[] = [];
    let epoch: { loss: number; count: number }[] = [];
    while (training.epoch < 8) {
      const { loss, finishedEpoch } = training.step();
      epoch.push({ loss, count: epoch.length < 3 ? 16 : 2 });
      if (!finishedEpoch) continue;
      assert.equal(finishedEpoch.epoch, losses.length + 1);
      const expected = epoch.reduce((sum, step) => sum + (step.loss * step.count) / 50, 0);
      assert.ok(Math.abs(finishedEpoch.loss - expected) < 1e-12);
      losses.push(finishedEpoch.loss);
      epoch = [];
    }
    const after = accuracy(programs, training.parameters, test, { batchSize: 7 });
    training.release();
    assert.ok(losses.at(-1)! < losses[0]! / 2, losses.join());
    assert.ok(after > 0.9 && before < 0.7, `${before} -> ${after}`);
    assert.equal(device.liveTensors, 0);
  });

  it('goes on from any step with the same bits', () => {
    const straight = trainExpert(expert, 10, []);
    const everyStep = trainExpert(expert, 10, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.deepEqual(everyStep, straight);
    assert.ok(straight.velocity);
    const plain = { ...expert, momentum: 0, weightDecay: 0 };
    assert.deepEqual(trainExpert(plain, 9, [3, 4, 6]), trainExpert(plain, 9, []));
    assert.equal(trainExpert(plain, 1, []).velocity, undefined);
    assert.equal(device.liveTensors, 0);
  });

  it('is another for another index or seed, from its initialisation on', () => {
    const states = [expert, { ...expert, index: 2 }, { ...expert, seed: 4 }].map((settings) => [
      initialExpert(network, settings).parameters.join(),
      trainExpert(settings, 2, []).parameters.join(),
    ]);
    assert.equal(new Set(states.flat()).size, 6);
  });
});

describe('an evaluation', () => {
  const chosen = tinyImages(8).normalised.batch(Uint32Array.from({ length: 8 }, (_, i) => i));
  const small = new FloatImages(normalised.shape, 4, chosen.images, chosen.targets);
  const settings: EvaluationSettings = {
    epochs: 10,
    lr: 0.05,
    momentum: 0.9,
    weightDecay: 5e-4,
    batchSize: 3,
    operations,
    seed: 3,
    split: 'test',
    run: 0,
  };

  function evaluate(chosenSettings: EvaluationSettings, stops: readonly number[]): TrainingState {
    let training = new EvaluationTraining(
      programs,
      small,
      chosenSettings,
      initialEvaluation(network, chosenSettings),
    );
    for (let step = 1; !training.finished; step++) {
      training.step();
      if (!stops.includes(step)) continue;
      const state = training.exportState();
      training.release();
      training = new EvaluationTraining(programs, small, chosenSettings, state);
    }
    const state = training.exportState();
    training.release();
    return state;
  }

  it('trains exactly the epochs asked for and goes on from any step with the same bits', () => {
    const straight = evaluate(settings, []);
    assert.equal(straight.epoch, 10);
    // Around the drop of the rate too: epoch 7 starts after step 21.
    assert.deepEqual(evaluate(settings, [1, 5, 20, 21, 22, 29]), straight);
    assert.equal(device.liveTensors, 0);
  });

  it('lowers the rate after epoch index floor(epochs / 2) + 1, with a fresh momentum', () => {
    assert.equal(rateDropEpoch(1000), 502);
    const rules = new EvaluationTraining(programs, small, settings, initialEvaluation(network, settings));
    assert.deepEqual(
      [6, 7].map((epoch) => Math.fround(rules.rules.sgd(epoch).lr)),
      [0.05, 0.005].map(Math.fround),
    );
    assert.deepEqual(
      [0, 6, 7, 8].map((epoch) => rules.rules.resetsVelocity(epoch)),
      [false, false, true, false],
    );
    rules.release();
    // A step with a tenth of the rate and no momentum moves a tenth as far as a first step.
    const still = { ...settings, weightDecay: 0, operations: [], batchSize: 8 };
    const start = initialEvaluation(network, still);
    const moved = (epoch: number): number => {
      const velocity = new Float32Array(network.parameterCount).fill(1);
      const state = { ...start, epoch, ...(epoch > 0 && { velocity }) };
      const training = new EvaluationTraining(programs, small, still, state);
      training.step();
      const distance = Math.hypot(...training.snapshot().map((value, i) => value - start.parameters[i]!));
      training.release();
      return distance;
    };
    assert.ok(Math.abs(moved(7) / moved(0) - 0.1) < 1e-3);
  });

  it('starts from another network for another run or split', () => {
    const heads = (['test', 'holdout'] as const).flatMap((split) =>
      [0, 1].map((run) => initialEvaluation(network, { seed: 3, split, run }).parameters.join()),
    );
    heads.push(initialExpert(network, { seed: 3, index: 0 }).parameters.join());
    assert.equal(new Set(heads).size, 5);
  });
});

describe('accuracy', () => {
  it('counts first choices', () => {
    const theta = programs.upload(initialExpert(network, expert).parameters);
    const batch = normalised.batch(Uint32Array.from({ length: 50 }, (_, i) => i));
    const logits = programs.logits(theta, batch.images, 50);
    const choices = Array.from({ length: 50 }, (_, row) => {
      const scores = [...logits.subarray(4 * row, 4 * row + 4)];
      return scores.indexOf(Math.max(...scores));
    });
    const right = new FloatImages(normalised.shape, 4, batch.images, oneHot(choices, 4));
    assert.equal(accuracy(programs, theta, right, { batchSize: 50 }), 1);
    const wrong = oneHot(
      choices.map((choice) => (choice + 1) % 4),
      4,
    );
    assert.equal(
      accuracy(programs, theta, new FloatImages(normalised.shape, 4, batch.images, wrong), { batchSize: 50 }),
      0,
    );
    programs.release(theta);
  });
});
