/**
 * @file What each setting of the distillation changes, on the real device at tiny size, and that a distillation
 * with all of them goes on bit for bit.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startEpochBound, startEpochs } from '../../definition/kept-epochs.js';
import type { MttConfig } from '../../definition/plan.js';
import { resolveAugmentation } from '../../distillation/augmentation/strategy.js';
import { FloatImages, oneHot } from '../../distillation/batches.js';
import { initialDistillState, type DistillState } from '../../distillation/distill-state.js';
import { Distiller } from '../../distillation/distiller.js';
import { matchTrajectory, type Match } from '../../distillation/matching.js';
import { matchingLoss } from '../../distillation/matching-loss.js';
import { initialLabelLogits, probabilities } from '../../distillation/soft-labels.js';
import { studentSteps } from '../../distillation/student-steps.js';
import { initialImages, syntheticLabels } from '../../distillation/synthetic-set.js';
import { choosePieces } from '../../distillation/trajectory-choice.js';
import { openTensorflowDevice } from '../../tensor/tensorflow-device.js';
import { tinyClasses, tinyExperts, tinyImages, tinyPrograms, tinyShape } from '../support/tiny.js';

const device = await openTensorflowDevice();
const programs = tinyPrograms(device);
const real = tinyImages(64);
const labels = syntheticLabels(tinyClasses, 2);
const operations = resolveAugmentation('dsa', false);
const { experts, snapshots } = tinyExperts(programs, real.normalised, operations, { count: 2, epochs: 4 });

const method: MttConfig = {
  name: 'mtt',
  synSteps: 3,
  expertEpochs: 2,
  maxStartEpoch: 2,
  lrImg: 1,
  lrLr: 1e-4,
  lrInit: 0.05,
  lrFloor: 1e-6,
  momentum: 0.5,
};
const images = initialImages('real', real, { ipc: 2, seed: 1 });
const synthetic = new FloatImages(tinyShape, tinyClasses, images, oneHot(labels, tinyClasses));
const labelLogits = initialLabelLogits(programs, snapshots[0]!.at(-1)!, synthetic, labels);

function distillerOf(change: Partial<MttConfig>, state?: DistillState): Distiller {
  const changed = { ...method, ...change };
  const settings = {
    method: changed,
    operations,
    labels,
    shape: tinyShape,
    classes: tinyClasses,
    seed: 1,
  };
  const learned = changed.labels === 'learned' ? labelLogits : undefined;
  const averaged = changed.emaDecay !== undefined;
  const start = initialDistillState(images, changed.lrInit, { labelLogits: learned, averaged });
  return new Distiller(programs, settings, state ?? start);
}

async function after(iterations: number, change: Partial<MttConfig>): Promise<DistillState> {
  const distiller = distillerOf(change);
  while (distiller.iteration < iterations) await distiller.step(experts);
  return distiller.exportState();
}

const match = (change: Partial<Match> = {}) =>
  matchTrajectory({
    programs,
    theta0: snapshots[0]![0]!,
    target: snapshots[0]![2]!,
    synthetic,
    steps: studentSteps({ seed: 2, synSteps: 4, batchSyn: 5, operations }, 0, synthetic.count, tinyShape),
    alpha: 0.05,
    ...change,
  });

const norm = (values: Float32Array): number => Math.hypot(...values);

describe('learned labels', () => {
  it('follow the gradient that finite differences find', () => {
    const at = (logits: Float32Array) =>
      new FloatImages(tinyShape, tinyClasses, images, probabilities(logits, tinyClasses));
    const { dTargets } = match({ synthetic: at(labelLogits), toTargets: true });
    assert.ok(dTargets);
    // Along a direction that leaves the sum of the probabilities as it is, as softmax does.
    const targets = at(labelLogits).targets;
    const direction = targets.map((_, i) => (i % tinyClasses === 0 ? 1 : i % tinyClasses === 1 ? -1 : 0));
    const along = (distance: number): number => {
      const moved = targets.map((value, i) => value + distance * direction[i]!);
      return match({ synthetic: new FloatImages(tinyShape, tinyClasses, images, moved) }).loss;
    };
    const rise = (along(0.02) - along(-0.02)) / 0.04;
    const expected = dTargets.reduce((sum, value, i) => sum + value * direction[i]!, 0);
    assert.ok(Math.abs(rise - expected) < 0.03 * Math.abs(expected), `${rise} ${expected}`);
  });

  it('leave the gradient to images and rate as it is', () => {
    const fixed = match();
    const learned = match({ toTargets: true });
    assert.equal(fixed.dTargets, undefined);
    assert.ok(Math.abs(learned.dAlpha - fixed.dAlpha) < 1e-5 * Math.abs(fixed.dAlpha));
    const apart = norm(learned.dX.map((value, i) => value - fixed.dX[i]!));
    assert.ok(apart < 1e-5 * norm(fixed.dX), `${apart}`);
  });

  it('start from what an expert says, with their own class first, and stay probabilities', async () => {
    assert.ok(new Set(labelLogits).size > tinyClasses, 'not one-hot');
    const { labelLogits: logits } = await after(4, { labels: 'learned', lrLabels: 5 });
    assert.ok(logits);
    assert.ok(norm(logits.map((value, i) => value - labelLogits[i]!)) > 1e-3, 'they have moved');
    for (const [all, strict] of [
      [labelLogits, true],
      [logits, false],
    ] as const) {
      const rows = probabilities(all, tinyClasses);
      labels.forEach((label, image) => {
        const row = rows.subarray(image * tinyClasses, (image + 1) * tinyClasses);
        const sum = row.reduce((a, b) => a + b, 0);
        assert.ok(Math.abs(sum - 1) < 1e-6 && row.every((value) => value > 0));
        if (strict) assert.equal(row.indexOf(Math.max(...row)), label);
      });
    }
  });

  it('start with their own class first where the expert takes them for another', () => {
    const ignorant = snapshots[0]![0]!;
    const first = (logits: Float32Array) =>
      Array.from(labels, (_, image) => {
        const row = [...logits.subarray(image * tinyClasses, (image + 1) * tinyClasses)];
        return row.indexOf(Math.max(...row));
      });
    const parameters = programs.upload(ignorant);
    const said = programs.logits(parameters, images, labels.length);
    programs.release(parameters);
    assert.notDeepEqual(first(said), [...labels], 'a fresh network is often wrong');
    const logits = initialLabelLogits(programs, ignorant, synthetic, labels);
    assert.deepEqual(first(logits), [...labels]);
    assert.deepEqual(logits.toSorted(), said.toSorted(), 'classes changed places');
  });

  it('match better than labels that stay where they started', async () => {
    const still = await after(30, { labels: 'learned', lrLabels: 1e-12 });
    const moving = await after(30, { labels: 'learned', lrLabels: 20 });
    const end = ({ history }: DistillState) => history.loss.subarray(20).reduce((a, b) => a + b, 0);
    assert.ok(end(moving) < end(still), `${end(moving)} ${end(still)}`);
  });
});

describe('the learned rate', () => {
  it('stays as it is with lrLr 0', async () => {
    const { alpha, history } = await after(3, { lrLr: 0 });
    assert.deepEqual([alpha, ...history.alpha], [0.05, 0.05, 0.05, 0.05]);
    assert.notEqual((await after(3, {})).alpha, 0.05);
  });
});

describe('the running average of the images', () => {
  it('is that of all images so far, and changes nothing else', async () => {
    const decay = 0.75;
    const expected = images.slice();
    const { averagedImages, ...others } = await after(3, { emaDecay: decay });
    for (let iteration = 1; iteration <= 3; iteration++) {
      const { images: now } = await after(iteration, {});
      now.forEach((value, i) => (expected[i] = decay * expected[i]! + (1 - decay) * value));
    }
    assert.deepEqual(averagedImages, expected);
    assert.deepEqual(others, await after(3, {}));
  });
});

describe('a match of too large a loss', () => {
  it('is not differentiated', () => {
    const whole = match();
    const { loss, skipped, dX, dAlpha } = match({ skipAbove: whole.loss / 2 });
    assert.deepEqual([loss, skipped, dAlpha], [whole.loss, true, 0]);
    assert.ok(dX.every((value) => value === 0));
    assert.deepEqual(match({ skipAbove: whole.loss }), whole);
  });

  it('changes nothing but the count', async () => {
    const skipping = distillerOf({ skipAbove: 1e-6 });
    const before = skipping.exportState();
    const { gradientNorm, loss } = await skipping.step(experts);
    assert.equal(gradientNorm, 0);
    const { iteration, history, ...others } = skipping.exportState();
    assert.deepEqual([iteration, [...history.loss]], [1, [loss]]);
    assert.deepEqual({ ...before, ...others }, before);
  });

  it('still is an error when it is not a number', async () => {
    const broken = {
      ...initialDistillState(
        images.map(() => NaN),
        0.05,
      ),
    };
    await assert.rejects(distillerOf({ skipAbove: 1 }, broken).step(experts), { code: 'Diverged' });
  });
});

describe('several experts per iteration', () => {
  it('give the mean of their losses and gradients', async () => {
    const two = distillerOf({ expertsPerStep: 2 });
    const { pieces, loss } = await two.step(experts);
    assert.equal(pieces.length, 2);
    const single = pieces.map(({ expert, startEpoch }, index) =>
      match({
        theta0: snapshots[expert]![startEpoch]!,
        target: snapshots[expert]![startEpoch + 2]!,
        steps: studentSteps({ seed: 1, synSteps: 3, operations }, 0, synthetic.count, tinyShape, index),
      }),
    );
    assert.equal(loss, (single[0]!.loss + single[1]!.loss) / 2);
    const { imageVelocity } = two.exportState();
    const mean = single[0]!.dX.map((value, i) => (value + single[1]!.dX[i]!) / 2);
    assert.deepEqual(imageVelocity, mean);
  });

  it('begin with the piece and the steps of one alone', () => {
    const [one] = choosePieces(method, experts, 1, 7);
    assert.deepEqual(choosePieces({ ...method, expertsPerStep: 3 }, experts, 1, 7)[0], one);
    const drawing = { seed: 1, synSteps: 3, batchSyn: 3, operations };
    const first = studentSteps(drawing, 7, 8, tinyShape, 0);
    assert.deepEqual(studentSteps(drawing, 7, 8, tinyShape), first);
    assert.notDeepEqual(studentSteps(drawing, 7, 8, tinyShape, 1), first);
  });
});

describe('start epochs', () => {
  const growing = {
    ...method,
    minStartEpoch: 2,
    maxStartEpoch: 10,
    startEpochGrowth: { from: 4, iterations: 12 },
  };

  it('lie below a bound that grows to its end and stays there', () => {
    const bounds = [0, 1, 2, 6, 11, 12, 500].map((iteration) => startEpochBound(growing, iteration));
    assert.deepEqual(bounds, [4, 4, 5, 7, 9, 10, 10]);
    assert.equal(startEpochBound(method, 0), 2);
  });

  it('are drawn from the whole range of the moment and no other', () => {
    const long = { ...experts, epochs: 12 };
    const drawn = (iteration: number) => {
      const starts = Array.from({ length: 60 }, (_, seed) => choosePieces(growing, long, seed, iteration));
      return [...new Set(starts.flat().map(({ startEpoch }) => startEpoch))].sort((a, b) => a - b);
    };
    assert.deepEqual(drawn(0), [2, 3]);
    assert.deepEqual(drawn(6), [2, 3, 4, 5, 6]);
  });

  it('are those of which start and target were kept', () => {
    const kept = [0, 2, 4, 6, 8, 10, 11];
    assert.deepEqual(startEpochs({ ...growing, expertEpochs: 2 }, 500, kept), [2, 4, 6, 8]);
    const sparse = { ...experts, epochs: 12, kept: [0, 5, 10] };
    assert.throws(() => choosePieces(growing, sparse, 1, 0), {
      code: 'InvalidTrajectory',
      message: /no start epoch from 2 to 3 that is kept together with the epoch 2 later/,
    });
  });
});

describe('parameters left out of the loss', () => {
  it('are those farthest from the expert', () => {
    const theta0 = Float32Array.of(0, 0, 0, 0);
    const target = Float32Array.of(1, 1, 1, 1);
    const thetaN = Float32Array.of(1, 2, 5, 0.5);
    assert.deepEqual(matchingLoss(theta0, thetaN, target), {
      loss: (0 + 1 + 16 + 0.25) / 4,
      slope: Float32Array.of(0, 0.5, 2, -0.25),
    });
    assert.deepEqual(matchingLoss(theta0, thetaN, target, 0.75), {
      loss: (0 + 1 + 0.25) / 3,
      slope: Float32Array.of(0, 2 / 3, 0, -1 / 3),
    });
    assert.equal(matchingLoss(target, thetaN, target, 0.5), undefined);
  });

  it('leave the gradient of the others', () => {
    // After one step of SGD, d theta_N / d alpha is the step divided by alpha.
    const steps = studentSteps({ seed: 2, synSteps: 1, operations }, 0, synthetic.count, tinyShape);
    const [theta0, target] = [snapshots[0]![0]!, snapshots[0]![2]!];
    const { dAlpha, thetaN, loss } = match({ steps, keepFraction: 0.6 });
    const end = matchingLoss(theta0, thetaN, target, 0.6)!;
    assert.equal(loss, end.loss);
    const left = end.slope.filter((value) => value === 0).length / end.slope.length;
    assert.ok(Math.abs(left - 0.4) < 0.02, `${left}`);
    const expected = end.slope.reduce((sum, v, i) => sum + (v * (thetaN[i]! - theta0[i]!)) / 0.05, 0);
    assert.ok(Math.abs(expected - dAlpha) < 1e-3 * Math.abs(dAlpha), `${expected} ${dAlpha}`);
  });
});

describe('a distillation with all of these', () => {
  it('goes on from any iteration with the same bits', async () => {
    const all: Partial<MttConfig> = {
      labels: 'learned',
      lrLabels: 2,
      emaDecay: 0.9,
      skipAbove: 1.1,
      expertsPerStep: 2,
      keepFraction: 0.9,
      minStartEpoch: 0,
      startEpochGrowth: { from: 1, iterations: 3 },
      batchSyn: 3,
    };
    const straight = await after(5, all);
    let distiller = distillerOf(all);
    while (distiller.iteration < 5) {
      await distiller.step(experts);
      distiller = distillerOf(all, structuredClone(distiller.exportState()));
    }
    assert.deepEqual(distiller.exportState(), straight);
    assert.ok(straight.labelVelocity?.some((value) => value !== 0));
    assert.equal(device.liveTensors, 0);
  });
});
