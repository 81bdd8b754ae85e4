/**
 * @file Coresets against plain computations: herding by its other definition, k-center by hand, forgetting by a
 * recount of the training.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { imagesInMemory } from '../../datasets/image-source.js';
import { argmax } from '../../distillation/accuracy.js';
import { NormalisedImages } from '../../distillation/batches.js';
import { herding, kCenter, mostForgotten, type Features } from '../../distillation/coresets.js';
import { featuresInSteps } from '../../distillation/features.js';
import {
  ForgettingTraining,
  initialForgetting,
  nothingRemembered,
  remember,
  timesForgotten,
  type Remembered,
} from '../../distillation/forgetting.js';
import type { TrainingState } from '../../distillation/training.js';
import { atOnce } from '../../distillation/interruptible.js';
import { initialiseParameters } from '../../networks/initialise.js';
import { buildNetwork } from '../../networks/registry.js';
import { createNetworkPrograms } from '../../distillation/compile-programs.js';
import type { NetworkSpec } from '../../networks/spec.js';
import { Stream } from '../../random/stream.js';
import { testDevice } from '../support/device.js';
import { tinyImages, tinyPrograms } from '../support/tiny.js';

const device = await testDevice();

function cloud(count: number, size: number, seed: number): Features {
  const stream = new Stream(seed, 'report-samples');
  return { values: Float32Array.from({ length: count * size }, () => stream.normal() + 0.4), count, size };
}

function rows({ values, count, size }: Features): number[][] {
  return Array.from({ length: count }, (_, at) => [...values.subarray(at * size, (at + 1) * size)]);
}

function distance(a: readonly number[], b: readonly number[]): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0));
}

function meanOf(points: readonly (readonly number[])[]): number[] {
  return points[0]!.map((_, i) => points.reduce((sum, point) => sum + point[i]!, 0) / points.length);
}

describe('herding', () => {
  it('keeps the mean of the chosen unit vectors as near to that of all as one more can', () => {
    const features = cloud(60, 5, 1);
    const unit = rows(features).map((row) => row.map((value) => value / Math.hypot(...row)));
    const target = meanOf(unit);
    const expected: number[] = [];
    while (expected.length < 12) {
      const rated = unit.map((point, at) => ({
        at,
        far: expected.includes(at)
          ? Infinity
          : distance(target, meanOf([...expected.map((i) => unit[i]!), point])),
      }));
      expected.push(rated.reduce((best, next) => (next.far < best.far ? next : best)).at);
    }
    assert.deepEqual([...herding(features, 12)], expected);
  });

  it('takes every point once when all are to be taken, and equal ones in order', () => {
    const same: Features = { values: new Float32Array(8).fill(1), count: 4, size: 2 };
    assert.deepEqual([...herding(same, 4)], [0, 1, 2, 3]);
    assert.deepEqual(
      [...herding(cloud(20, 3, 2), 20)].sort((a, b) => a - b),
      [...Array(20).keys()],
    );
  });
});

describe('k-center', () => {
  it('goes from the middle to what is farthest from all that it has', () => {
    const line: Features = { values: Float32Array.of(0, 1, 4, 5, 6, 14), count: 6, size: 1 };
    // Mean 5; then 14 is 9 away; then 0 is 5 away; 1 and the rest are within 1 of a centre.
    assert.deepEqual([...kCenter(line, 4)], [3, 5, 0, 1]);
    const same: Features = { values: new Float32Array(6).fill(2), count: 3, size: 2 };
    assert.deepEqual([...kCenter(same, 3)].sort(), [0, 1, 2]);
  });

  it('covers within twice the best radius, found by trying every pair', () => {
    for (const seed of [3, 4, 5]) {
      const features = cloud(25, 2, seed);
      const points = rows(features);
      const radius = (centres: readonly number[]): number =>
        Math.max(...points.map((point) => Math.min(...centres.map((at) => distance(point, points[at]!)))));
      const pairs = points.flatMap((_, a) => points.slice(a + 1).map((__, b) => [a, a + 1 + b]));
      assert.ok(radius([...kCenter(features, 2)]) <= 2 * Math.min(...pairs.map(radius)) + 1e-9);
    }
  });
});

describe('forgetting', () => {
  it('counts a loss after each time it was known, and never learned as more than any', () => {
    const seen = nothingRemembered(3);
    const show = (right: readonly boolean[]) =>
      remember(
        seen,
        Uint32Array.of(0, 1, 2),
        Float32Array.from(right.flatMap((yes) => (yes ? [1, 0] : [0, 1]))),
        Float32Array.of(1, 0, 1, 0, 1, 0),
        2,
      );
    for (const right of [
      [false, true, false],
      [true, false, false],
      [false, false, false],
      [false, true, false],
      [true, false, false],
    ])
      show(right);
    assert.deepEqual([...timesForgotten(seen)], [1, 2, Infinity]);
  });

  it('prefers what was forgotten more, and draws among equals by the stream', () => {
    const times = Float64Array.of(0, 2, 0, Infinity, 2, 0, 1, 0);
    const chosen = [...mostForgotten(times, 5, new Stream(1, 'coreset-images', 0))];
    assert.equal(chosen[0], 3);
    assert.deepEqual(chosen.slice(1, 3).sort(), [1, 4]);
    assert.equal(chosen[3], 6);
    const last = new Set<number>();
    for (let seed = 0; seed < 40; seed += 1)
      last.add(mostForgotten(times, 5, new Stream(seed, 'coreset-images', 0))[4]!);
    assert.deepEqual([...last].sort(), [0, 2, 5, 7]);
  });

  it('agrees with a recount from the weights before every step, also when it stops and goes on', () => {
    // Labels that mean nothing are learned slowly and forgotten often.
    const { images } = tinyImages(30);
    const chance = new Stream(2, 'report-samples');
    const labels = images.labels.map(() => chance.integer(4));
    const normalised = new NormalisedImages(imagesInMemory({ ...images, labels }), 4, {
      mean: [0.3],
      std: [0.25],
    });
    const settings = { lr: 0.1, momentum: 0.9, weightDecay: 0, batchSize: 8, operations: [], seed: 5 };
    const programs = tinyPrograms(device);
    const start = initialForgetting(programs.network, 5);
    const training = new ForgettingTraining(programs, normalised, settings, start, nothingRemembered(30));
    const forgotten = new Array<number>(30).fill(0);
    const before = new Array<boolean>(30).fill(false);
    const ever = new Array<boolean>(30).fill(false);
    let middle: { remembered: Remembered; state: TrainingState } | undefined;
    for (let step = 0; step < 12 * 4; step += 1) {
      const order = new Stream(5, 'forgetting-shuffle', training.epoch).permutation(30);
      const from = training.stepOfEpoch * 8;
      const batch = normalised.batch(order, from, Math.min(from + 8, 30));
      const logits = programs.logits(training.parameters, batch.images, batch.count);
      for (let row = 0; row < batch.count; row += 1) {
        const image = order[from + row]!;
        const right = argmax(logits, row * 4, 4) === argmax(batch.targets, row * 4, 4);
        if (before[image] && !right) forgotten[image]! += 1;
        before[image] = right;
        ever[image] ||= right;
      }
      if (step === 21) middle = { remembered: training.remembered, state: training.exportState() };
      training.step();
    }
    const expected = forgotten.map((times, image) => (ever[image] ? times : Infinity));
    assert.ok(
      expected.some((times) => times > 0 && times < Infinity),
      'something is forgotten',
    );
    assert.deepEqual([...timesForgotten(training.remembered)], expected);

    assert.ok(middle);
    const again = new ForgettingTraining(programs, normalised, settings, middle.state, middle.remembered);
    for (let step = 21; step < 12 * 4; step += 1) again.step();
    assert.deepEqual(again.remembered, training.remembered);
    again.release();
    training.release();
    assert.equal(device.liveTensors, 0);
  });
});

describe('features', () => {
  const spec = { architecture: 'ConvNet', norm: 'instance', pool: 'avg', act: 'relu' } as const;
  const networks: NetworkSpec[] = [
    { ...spec, depth: 2, width: 5 },
    { ...spec, depth: 1, width: 4, norm: 'layer', pool: 'max' },
    { architecture: 'MLP' },
  ];
  for (const network of networks)
    it(`of ${network.architecture} give the logits by the last layer`, () => {
      const { normalised } = tinyImages(7);
      const programs = createNetworkPrograms(buildNetwork(network, normalised.shape, 4), device);
      const flat = initialiseParameters(programs.network, (at) => new Stream(1, 'network-init', 0, at));
      const parameters = programs.upload(flat);
      const all = Uint32Array.from({ length: 7 }, (_, at) => at);
      const { values, size } = atOnce(featuresInSteps(programs, parameters, normalised, all));
      const logits = programs.logits(parameters, normalised.batch(all).images, 7);
      programs.release(parameters);
      const weights = flat.subarray(flat.length - 4 * size - 4, flat.length - 4);
      const bias = flat.subarray(flat.length - 4);
      const channels = 'width' in network ? network.width : size;
      const pixels = size / channels;
      for (let image = 0; image < 7; image += 1)
        for (let label = 0; label < 4; label += 1) {
          let sum = bias[label]!;
          // Features are in the order of pixels, the weights in that of channels.
          for (let channel = 0; channel < channels; channel += 1)
            for (let pixel = 0; pixel < pixels; pixel += 1)
              sum +=
                weights[label * size + channel * pixels + pixel]! *
                values[image * size + pixel * channels + channel]!;
          assert.ok(Math.abs(sum - logits[image * 4 + label]!) < 1e-4);
        }
    });
});
