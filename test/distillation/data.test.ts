/**
 * @file From a data set to batches: splits, normalisation, random real images, initial synthetic images.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ImageSource } from '../../datasets/dataset.js';
import { imagesAt, imagesInMemory } from '../../datasets/image-source.js';
import { randomBaseline, subset } from '../../distillation/baselines.js';
import { FloatImages, NormalisedImages } from '../../distillation/batches.js';
import { mean, populationStd, selectCandidate } from '../../distillation/selection.js';
import { divideRun, runOrder, type SplitSettings } from '../../distillation/split.js';
import { studentSteps } from '../../distillation/student-steps.js';
import { initialImages, syntheticLabels } from '../../distillation/synthetic-set.js';
import { bandImages } from '../support/images.js';

const shape = { channels: 2, height: 6, width: 5 };
const pixels = 60;
const images = bandImages(60, 3, shape);
const normalisation = { mean: [0.25, 0.5], std: [0.5, 0.25] };
const normalised = new NormalisedImages(imagesInMemory(images), 3, normalisation);

describe('batches', () => {
  it('are normalised per channel, with one-hot targets', () => {
    const batch = normalised.batch(Uint32Array.of(9, 4, 31), 1);
    assert.equal(batch.count, 2);
    assert.deepEqual([...batch.targets], [0, 1, 0, 0, 1, 0]);
    const byte = images.images[31 * pixels + 30 + 7]!;
    assert.equal(batch.images[pixels + 30 + 7], Math.fround((byte / 255 - 0.5) / 0.25));
  });

  it('of float images are copies', () => {
    const synthetic = new FloatImages(shape, 1, new Float32Array(2 * pixels).fill(1), Float32Array.of(1, 1));
    synthetic.batch(Uint32Array.of(1)).images.fill(7);
    assert.ok(synthetic.images.every((value) => value === 1));
  });
});

/** As a run is given its images. */
function splitTraining(classes: number, settings: SplitSettings) {
  const order = runOrder(images.count, settings);
  return divideRun(imagesAt(imagesInMemory(images), order), classes, settings);
}

/** An image as text, after its label. */
const rowsOf = ({ count, labels, pixels: at }: ImageSource): string[] =>
  Array.from({ length: count }, (_, index) => `${labels[index]!}: ${at(index).join()}`);

describe('split', () => {
  it('is disjoint, depends on the seed alone, and a larger limit only adds images', () => {
    const { train, holdout } = splitTraining(3, { holdout: 10, limit: 20, seed: 5 });
    assert.equal(train.count, 20);
    assert.equal(holdout.count, 10);
    const all = splitTraining(3, { holdout: 10, seed: 5 });
    assert.equal(all.train.count, 50);
    assert.deepEqual(rowsOf(all.holdout), rowsOf(holdout));
    assert.deepEqual(rowsOf(all.train).slice(0, 20), rowsOf(train));
    assert.equal(new Set([...rowsOf(holdout), ...rowsOf(all.train)]).size, 60);
    assert.notDeepEqual(rowsOf(splitTraining(3, { holdout: 10, seed: 6 }).holdout), rowsOf(holdout));
  });

  it('says what to change when there are too few images or a class is absent', () => {
    assert.throws(() => splitTraining(3, { holdout: 50, limit: 20, seed: 1 }), {
      code: 'InvalidDefinition',
      message: /need 70 training images, but the data set has 60/,
    });
    assert.throws(() => splitTraining(3, { holdout: 60, seed: 1 }), { code: 'InvalidDefinition' });
    assert.throws(() => splitTraining(4, { holdout: 5, seed: 1 }), {
      code: 'InvalidDataset',
      message: /none of class 3/,
    });
  });
});

describe('random real images', () => {
  it('are different images of their class, another choice for another run', () => {
    const chosen = randomBaseline(images, 3, { ipc: 4, seed: 1, run: 0 });
    assert.equal(new Set(chosen).size, 12);
    chosen.forEach((index, i) => assert.equal(images.labels[index], Math.floor(i / 4)));
    assert.notDeepEqual(randomBaseline(images, 3, { ipc: 4, seed: 1, run: 1 }), chosen);
    const set = subset(normalised, chosen);
    assert.equal(set.count, 12);
    assert.deepEqual(set.images.subarray(0, pixels), normalised.batch(chosen, 0, 1).images);
  });

  it('must exist', () => {
    assert.throws(() => randomBaseline(images, 3, { ipc: 21, seed: 1, run: 0 }), {
      code: 'InvalidDefinition',
      message: /only 20 of class 0/,
    });
  });

  it('or noise are where the synthetic images start', () => {
    const real = initialImages('real', { images, normalised }, { ipc: 2, seed: 1 });
    assert.equal(real.length, 6 * pixels);
    assert.deepEqual([...syntheticLabels(3, 2)], [0, 0, 1, 1, 2, 2]);
    // The band of a class is brighter than the rest.
    const lastOfClass2 = real.subarray(5 * pixels);
    assert.ok(mean([...lastOfClass2.subarray(20, 30)]) > mean([...lastOfClass2.subarray(0, 20)]) + 0.5);
    const noise = initialImages('noise', { images, normalised }, { ipc: 2, seed: 1 });
    assert.ok(Math.abs(mean([...noise])) < 0.2 && Math.abs(populationStd([...noise]) - 1) < 0.1);
  });
});

describe('student steps', () => {
  const settings = { seed: 1, operations: [] };

  it('take the whole set when it is not divided', () => {
    const steps = studentSteps({ ...settings, synSteps: 2 }, 0, 5, shape);
    assert.deepEqual(
      steps.map(({ indices }) => [...indices]),
      [
        [0, 1, 2, 3, 4],
        [0, 1, 2, 3, 4],
      ],
    );
  });

  it('draw without replacement and reshuffle when exhausted', () => {
    const steps = studentSteps({ ...settings, synSteps: 6, batchSyn: 4 }, 3, 10, shape);
    assert.deepEqual(
      steps.map(({ indices }) => indices.length),
      [4, 4, 2, 4, 4, 2],
    );
    const passes = [steps.slice(0, 3), steps.slice(3)].map((pass) =>
      pass.flatMap(({ indices }) => [...indices]),
    );
    for (const pass of passes) assert.equal(new Set(pass).size, 10);
    assert.notDeepEqual(passes[0], passes[1]);
    assert.deepEqual(studentSteps({ ...settings, synSteps: 6, batchSyn: 4 }, 3, 10, shape), steps);
    assert.notDeepEqual(studentSteps({ ...settings, synSteps: 6, batchSyn: 4 }, 4, 10, shape), steps);
  });
});

describe('selection', () => {
  it('takes the best candidate, of equals the earliest', () => {
    const candidates = [
      { iteration: 300, accuracy: 0.7 },
      { iteration: 100, accuracy: 0.7 },
      { iteration: 200, accuracy: 0.6 },
    ];
    assert.equal(selectCandidate(candidates).iteration, 100);
    assert.throws(() => selectCandidate([]), RangeError);
  });

  it('summarises with the population std', () => {
    assert.equal(mean([1, 2, 6]), 3);
    assert.equal(populationStd([1, 3]), 1);
  });
});
