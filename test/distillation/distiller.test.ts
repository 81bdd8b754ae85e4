/**
 * @file Trajectory matching and the loop around it: gradients, memory, resumption, floors and divergence.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MttConfig } from '../../definition/plan.js';
import { resolveAugmentation } from '../../distillation/augmentation/strategy.js';
import { FloatImages, oneHot } from '../../distillation/batches.js';
import { initialDistillState, type DistillState } from '../../distillation/distill-state.js';
import { Distiller, type DistillSettings } from '../../distillation/distiller.js';
import { matchTrajectory } from '../../distillation/matching.js';
import type { NetworkPrograms } from '../../distillation/network-programs.js';
import { studentSteps } from '../../distillation/student-steps.js';
import { initialImages, syntheticLabels } from '../../distillation/synthetic-set.js';
import type { Device } from '../../tensor/device.js';
import { openTensorflowDevice } from '../../tensor/tensorflow-device.js';
import { tinyClasses, tinyExperts, tinyImages, tinyPrograms, tinyShape } from '../support/tiny.js';

const device = await openTensorflowDevice();
const programs = tinyPrograms(device);
const real = tinyImages(64);
const labels = syntheticLabels(tinyClasses, 2);
const operations = resolveAugmentation('dsa', false);

/** Two experts of three epochs. */
const { experts, snapshots } = tinyExperts(programs, real.normalised, operations, { count: 2, epochs: 3 });

const method: MttConfig = {
  name: 'mtt',
  synSteps: 4,
  expertEpochs: 2,
  maxStartEpoch: 2,
  lrImg: 1,
  lrLr: 1e-4,
  lrInit: 0.05,
  lrFloor: 1e-6,
  momentum: 0.5,
  batchSyn: 5,
};
const settings: DistillSettings = {
  method,
  operations,
  labels,
  shape: tinyShape,
  classes: tinyClasses,
  seed: 1,
};
const start = initialDistillState(initialImages('real', real, { ipc: 2, seed: 1 }), method.lrInit);

describe('a match', () => {
  const synthetic = new FloatImages(tinyShape, tinyClasses, start.images, oneHot(labels, tinyClasses));
  const match = (images: FloatImages, alpha: number, synSteps: number, matcher = programs) =>
    matchTrajectory({
      programs: matcher,
      theta0: snapshots[0]![0]!,
      target: snapshots[0]![2]!,
      synthetic: images,
      steps: studentSteps({ seed: 2, synSteps, batchSyn: 5, operations }, 0, images.count, tinyShape),
      alpha,
    });

  it('has the gradient that finite differences find', () => {
    const { dX, dAlpha } = match(synthetic, 0.05, 5);
    const h = 1e-3;
    const slope = (match(synthetic, 0.05 + h, 5).loss - match(synthetic, 0.05 - h, 5).loss) / (2 * h);
    assert.ok(Math.abs(slope - dAlpha) < 0.03 * Math.abs(dAlpha), `${slope} ${dAlpha}`);
    const norm = Math.hypot(...dX);
    const along = (distance: number): number => {
      const moved = start.images.map((value, i) => value + (distance * dX[i]!) / norm);
      return match(new FloatImages(tinyShape, tinyClasses, moved, synthetic.targets), 0.05, 5).loss;
    };
    const rise = (along(0.05) - along(-0.05)) / 0.1;
    assert.ok(Math.abs(rise - norm) < 0.03 * norm, `${rise} ${norm}`);
  });

  it('keeps nothing but the parameters of each step', () => {
    // Counts what is alive whenever a program starts.
    const peakOf = (synSteps: number): number => {
      let peak = 0;
      const counting: Device = {
        info: device.info,
        upload: (data, shape) => device.upload(data, shape),
        download: (tensor) => device.download(tensor),
        release: (...tensors) => device.release(...tensors),
        get liveTensors() {
          return device.liveTensors;
        },
        run: (program, inputs) => {
          const outputs = device.run(program, inputs);
          peak = Math.max(peak, device.liveTensors);
          return outputs;
        },
      };
      match(synthetic, 0.05, synSteps, tinyPrograms(counting));
      assert.equal(device.liveTensors, 0);
      return peak;
    };
    const sets = programs.network.parameters.length;
    assert.equal(peakOf(12) - peakOf(4), 8 * sets);
  });

  it('gives its memory back when a step fails', () => {
    const failing: NetworkPrograms = {
      network: programs.network,
      upload: (flat) => programs.upload(flat),
      uploadStatistics: (flat) => programs.uploadStatistics(flat),
      download: (parameters) => programs.download(parameters),
      release: (...sets) => programs.release(...sets),
      sgdStep: (...step) => programs.sgdStep(...step),
      logits: (...forward) => programs.logits(...forward),
      features: programs.features,
      gradients: (...step) => programs.gradients(...step),
      secondOrderStep: () => {
        throw new Error('out of memory');
      },
    };
    assert.throws(() => match(synthetic, 0.05, 3, failing), /out of memory/);
    assert.equal(device.liveTensors, 0);
  });

  it('needs an expert that moved', () => {
    const theta0 = snapshots[0]![0]!;
    assert.throws(
      () => matchTrajectory({ programs, theta0, target: theta0.slice(), synthetic, steps: [], alpha: 0.1 }),
      { code: 'InvalidTrajectory' },
    );
  });
});

async function distil(iterations: number, stops: readonly number[]): Promise<DistillState> {
  let distiller = new Distiller(programs, settings, start);
  while (distiller.iteration < iterations) {
    await distiller.step(experts);
    if (stops.includes(distiller.iteration))
      distiller = new Distiller(programs, settings, structuredClone(distiller.exportState()));
  }
  return distiller.exportState();
}

describe('a distiller', () => {
  it('goes on from any iteration with the same bits', async () => {
    const straight = await distil(6, []);
    assert.deepEqual(await distil(6, [1, 2, 3, 4, 5]), straight);
    assert.equal(straight.iteration, 6);
    assert.equal(straight.history.loss.length, 6);
    assert.equal(straight.history.alpha.at(-1), straight.alpha);
    assert.ok(straight.imageVelocity.some((value) => value !== 0));
    assert.equal(device.liveTensors, 0);
  });

  it('brings the student closer to the experts', async () => {
    const distiller = new Distiller(programs, { ...settings, operations: [] }, start);
    while (distiller.iteration < 60) await distiller.step(experts);
    const { loss } = distiller.exportState().history;
    const mean = (values: Float64Array): number =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    assert.ok(mean(loss.subarray(50)) < 0.9 * mean(loss.subarray(0, 10)), loss.join());
  });

  it('draws experts and start epochs over their whole range', async () => {
    const distiller = new Distiller(programs, settings, start);
    const seen = new Set<string>();
    while (distiller.iteration < 25) {
      const { pieces } = await distiller.step(experts);
      for (const { expert, startEpoch } of pieces) seen.add(`${expert} ${startEpoch}`);
    }
    assert.deepEqual([...seen].sort(), ['0 0', '0 1', '1 0', '1 1']);
  });

  it('never lets the learned rate fall below its floor', async () => {
    const steep = { ...settings, method: { ...method, lrLr: 1e3, lrFloor: 0.01 } };
    const falling = new Distiller(programs, steep, { ...start, alphaVelocity: 1e6 });
    await falling.step(experts);
    assert.equal(falling.alpha, 0.01);
  });

  it('stops with the iteration and stays where it was when it diverges', async () => {
    for (const [state, message] of [
      [{ ...start, iteration: 7, alphaVelocity: -1e9 }, /iteration 8: .*learned rate 0.05000 ->/],
      [{ ...start, alpha: 1e6 }, /iteration 1: loss/],
      [{ ...start, images: start.images.map(() => NaN) }, /loss NaN/],
    ] as const) {
      const distiller = new Distiller(programs, settings, state);
      const before = distiller.exportState();
      await assert.rejects(distiller.step(experts), { code: 'Diverged', message });
      assert.deepEqual(distiller.exportState(), before);
    }
    assert.equal(device.liveTensors, 0);
  });

  it('refuses experts that are too short', async () => {
    const long = { ...settings, method: { ...method, maxStartEpoch: 3 } };
    await assert.rejects(new Distiller(programs, long, start).step(experts), {
      code: 'InvalidTrajectory',
      message: /up to epoch 4, but there are 2 experts of 3 epochs/,
    });
  });
});
