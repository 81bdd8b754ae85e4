/**
 * @file Batch normalisation: trained with the batch's own statistics, tested with their running averages.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNetworkPrograms } from '../../distillation/compile-programs.js';
import { ExpertTraining, initialExpert } from '../../distillation/expert.js';
import { relativeError } from '../../distillation/golden/comparison.js';
import type { TrainingState } from '../../distillation/training.js';
import { initialStatistics } from '../../networks/initialise.js';
import { channelsLast, filterLast } from '../../networks/layout.js';
import { buildNetwork } from '../../networks/registry.js';
import { GraphBuilder } from '../../tensor/graph.js';
import { compile } from '../../tensor/program.js';
import { testDevice } from '../support/device.js';
import { tinyClasses, tinyImages, tinyNetwork, tinyShape } from '../support/tiny.js';

const device = await testDevice();
const network = buildNetwork({ ...tinyNetwork, norm: 'batch' }, tinyShape, tinyClasses);
const programs = createNetworkPrograms(network, device);
const { normalised } = tinyImages(50);
const all = Uint32Array.from({ length: 50 }, (_, index) => index);
const still = { lr: 0, momentum: 0, weightDecay: 0 };
const fresh = initialExpert(network, { seed: 1, index: 0 }).parameters;
const filters = 6;

/** What the only convolution gives for a batch, by channel, computed beside the network. */
function convolved(images: Float32Array, count: number): number[][] {
  const g = new GraphBuilder();
  const { channels, height, width } = tinyShape;
  const x = channelsLast(g, g.input('x', [count, channels, height, width]));
  const y = g.conv2d(x, filterLast(g, g.input('f', [filters, 1, 3, 3])), { padding: 3 });
  const inputs = {
    x: device.upload(images, [count, channels, height, width]),
    f: device.upload(fresh.slice(0, filters * 9), [filters, 1, 3, 3]),
  };
  const [output] = device.run(compile([y]), inputs);
  const values = device.download(output!);
  device.release(output!, inputs.x, inputs.f);
  return Array.from({ length: filters }, (_, channel) => [
    ...values.filter((_value, index) => index % filters === channel),
  ]);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

test('a step moves the running averages a tenth of the way, the variance unbiased', () => {
  assert.deepEqual(
    network.statistics,
    ['running_mean', 'running_var'].map((name) => ({ name: `features.1.${name}`, shape: [filters] })),
  );
  const before = initialStatistics(network);
  assert.deepEqual([...before], [...new Float32Array(filters), ...new Float32Array(filters).fill(1)]);
  const batch = normalised.batch(all, 0, 9);
  const [parameters, statistics] = [programs.upload(fresh), programs.uploadStatistics(before)];
  for (const velocity of [undefined, programs.upload(new Float32Array(network.parameterCount))]) {
    const next = programs.sgdStep(parameters, velocity, batch, still, statistics);
    const moved = programs.download(next.statistics!);
    const channels = convolved(batch.images, batch.count);
    const means = channels.map((values) => 0.1 * mean(values));
    const variances = channels.map((values) => {
      const squares = values.map((value) => (value - mean(values)) ** 2);
      return 0.9 + (0.1 * squares.reduce((sum, square) => sum + square, 0)) / (values.length - 1);
    });
    assert.ok(relativeError(moved, [...means, ...variances]) < 1e-6);
    assert.deepEqual(programs.download(next.parameters), fresh);
    programs.release(next.parameters, next.statistics!, next.velocity ?? [], velocity ?? []);
  }
  programs.release(parameters, statistics);
  assert.equal(device.liveTensors, 0);
});

test('in testing, what an image is taken for does not depend on its batch', () => {
  const parameters = programs.upload(fresh);
  const statistics = programs.uploadStatistics(
    initialStatistics(network).map((value, index) => value + 0.1 * index),
  );
  const one = normalised.batch(all, 0, 1);
  const five = normalised.batch(all, 0, 5);
  const first = (logits: Float32Array) => logits.subarray(0, tinyClasses);
  const alone = programs.logits(parameters, one.images, 1, statistics);
  const among = programs.logits(parameters, five.images, 5, statistics);
  assert.ok(relativeError(first(among), alone) < 1e-6);
  const ownAlone = programs.logits(parameters, one.images, 1);
  const ownAmong = programs.logits(parameters, five.images, 5);
  assert.ok(relativeError(first(ownAmong), ownAlone) > 1e-2);
  programs.release(parameters, statistics);
});

test('averages of one batch over and over become its statistics', () => {
  const batch = normalised.batch(all, 0, 40);
  const parameters = programs.upload(fresh);
  let statistics = programs.uploadStatistics(initialStatistics(network));
  for (let step = 0; step < 150; step++) {
    const next = programs.sgdStep(parameters, undefined, batch, still, statistics);
    programs.release(next.parameters, statistics);
    statistics = next.statistics!;
  }
  const tested = programs.logits(parameters, batch.images, batch.count, statistics);
  const trained = programs.logits(parameters, batch.images, batch.count);
  // They differ by the bias of the variance: 1 in 2 x 40 x 12 x 12.
  assert.ok(relativeError(tested, trained) < 3e-4);
  programs.release(parameters, statistics);
});

test('a training goes on from any step with the same averages', () => {
  const settings = { lr: 0.05, momentum: 0.9, weightDecay: 5e-4, batchSize: 16, operations: [], seed: 3 };
  const train = (stops: readonly number[]): TrainingState => {
    const expert = { ...settings, index: 1 };
    let training = new ExpertTraining(programs, normalised, expert, initialExpert(network, expert));
    for (let step = 1; step <= 6; step++) {
      training.step();
      if (!stops.includes(step)) continue;
      const state = structuredClone(training.exportState());
      training.release();
      training = new ExpertTraining(programs, normalised, expert, state);
    }
    const state = training.exportState();
    training.release();
    return state;
  };
  const straight = train([]);
  assert.ok(straight.statistics!.some((value, index) => index < filters && value !== 0));
  assert.deepEqual(train([1, 4, 5]), straight);
  assert.equal(device.liveTensors, 0);
});
