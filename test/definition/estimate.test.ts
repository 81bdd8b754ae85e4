/**
 * @file Estimates of plans: steps counted stage by stage, times by a calibration, memory against a limit.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { knownDataset } from '../../definition/builtin-datasets.js';
import { parseCalibrations, sameEngine, type Calibration } from '../../definition/calibration.js';
import { estimatePlan } from '../../definition/estimate.js';
import { compile } from '../../definition/index.js';
import { stageWork, type Steps } from '../../definition/stage-work.js';
import type { CountStep, StepCost } from '../../definition/step-cost.js';
import { changed, example } from './examples.js';

const known = knownDataset('fashion-mnist')!;
const { plan } = compile(example);

const calibration: Calibration = {
  engine: { name: 'tensorflow 2.21.0 cpu', oneDnn: true, threads: 2, cpu: 'a cpu', device: 'cpu' },
  measuredAt: '2026-11-24T12:00:00.000Z',
  secondsPerFlop: 1,
  secondsPerByte: 0,
  secondsPerOperation: 0,
  secondsPerPixel: 0,
  secondsPerAugmentedPixel: 0,
  startSeconds: 3,
  baseBytes: 1000,
  memoryFactor: 2,
  points: [],
};

/** Every image of a step costs one operation, and 1 GB. */
const count: CountStep = (_network, _image, _classes, _kind, batch): StepCost => ({
  flops: batch,
  bytesMoved: 0,
  operations: 0,
  peakBytes: batch * 1e9,
});

const brief = ({ kind, batch, count: steps, augmented }: Steps) => [kind, batch, steps, augmented];

describe('the steps of a stage', () => {
  it('are those of experts: batches, the rest of an epoch, and tests after every epoch', () => {
    const { groups, parameterSets } = stageWork(plan.stages[0]!, plan, known);
    assert.equal(groups.length, 1);
    assert.deepEqual([groups[0]!.units, parameterSets], [2, 4]);
    // 1000 images are 3 batches of 256 and one of 232; 10,000 test images 39 and one of 16.
    assert.deepEqual(groups[0]!.steps.map(brief), [
      ['plain-sgd', 256, 30, 1],
      ['plain-sgd', 232, 10, 1],
      ['logits', 256, 39 * 11, 0],
      ['logits', 16, 11, 0],
    ]);
  });

  it('are those of a distillation: the student, the way back, the candidates', () => {
    const { groups, snapshots } = stageWork(plan.stages[1]!, plan, known);
    assert.deepEqual(groups[0]!.steps.map(brief), [
      ['plain-sgd', 10, 500, 1],
      ['second-order', 10, 500, 2],
    ]);
    assert.equal(snapshots, 2 * 11);
    assert.equal(groups[1]!.steps[0]!.kind, 'momentum-sgd');
    assert.equal(groups[1]!.steps.at(-1)!.kind, 'logits');
  });

  it('are those of mini-batches where the whole set is not taken', () => {
    const text = changed('synSteps: 5', 'synSteps: 5\n        batchSyn: 4');
    const batched = compile(text).plan;
    const { groups } = stageWork(batched.stages[1]!, batched, known);
    // Of ten images: 4, 4, 2, 4, 4.
    assert.deepEqual(groups[0]!.steps.map(brief), [
      ['plain-sgd', 4, 400, 1],
      ['second-order', 4, 400, 2],
      ['plain-sgd', 2, 100, 1],
      ['second-order', 2, 100, 2],
    ]);
  });
});

describe('the estimate of a plan', () => {
  it('adds up operations and times, and divides among workers what can be divided', () => {
    const one = estimatePlan(plan, { count, calibration })!;
    const [experts, , , report] = one.stages;
    // Two experts of ten epochs on 1000 images, and eleven tests on 10,000.
    const each = 10 * 1000 + 11 * 10_000;
    assert.equal(experts!.flops, 2 * each);
    assert.ok(Math.abs(experts!.seconds! - 2 * each) < 1);
    assert.equal(report!.flops, 0);
    const sum = one.stages.reduce((total, { seconds = 0 }) => total + seconds, 0);
    assert.equal(one.seconds, sum + 3);
    const two = estimatePlan(plan, { count, calibration, workers: 2 })!;
    assert.ok(Math.abs(two.stages[0]!.seconds! - each) < 1);
    // No worker can help with a chain of iterations.
    const many = estimatePlan(plan, { count, calibration, workers: 1000 })!;
    assert.ok(many.stages[1]!.seconds! >= 2 * 500 * 10);
    assert.ok(many.stages[0]!.seconds! >= each);
  });

  it('counts nothing for what a condition leaves out, nor for what needs it', () => {
    const stages = plan.stages.map((stage) =>
      stage.uses === 'distill' ? { ...stage, when: false as const } : stage,
    );
    const whole = estimatePlan(plan, { count, calibration })!;
    const { stages: estimates, flops } = estimatePlan({ ...plan, stages }, { count, calibration })!;
    assert.deepEqual(
      estimates.map(({ id, flops, seconds }) => [id, flops > 0, seconds! > 0]),
      [
        ['experts', true, true],
        ['distill', false, false],
        ['evaluate', false, false],
        ['report', false, true],
      ],
    );
    assert.equal(flops, whole.stages[0]!.flops);
  });

  it('says no times without a calibration, and nothing of data that it does not know', () => {
    const bare = estimatePlan(plan, { count })!;
    assert.equal(bare.seconds, undefined);
    assert.equal(bare.stages[0]!.seconds, undefined);
    assert.equal(bare.stages[0]!.fits, undefined);
    const other = compile(changed('source: fashion-mnist, limit: 1000', 'source: mine')).plan;
    assert.equal(estimatePlan(other, { count }), undefined);
    assert.equal(estimatePlan(plan, { count: () => undefined }), undefined);
  });

  it('compares memory with the limit and names what to change', () => {
    const memory = (limit: number, slots = 1) =>
      estimatePlan(plan, { count, calibration, memoryLimit: limit, slots })!.stages;
    // 256 images of 1 GB, twice.
    const needed = memory(1e15)[0]!.processBytes;
    assert.ok(needed > 512e9 && needed < 513e9, String(needed));
    assert.deepEqual(
      memory(600e9).map(({ fits, advice }) => [fits, advice]),
      [
        [true, undefined],
        [true, undefined],
        [true, undefined],
        [undefined, undefined],
      ],
    );
    const [experts, distill] = memory(15e9);
    assert.deepEqual([experts!.fits, distill!.fits], [false, false]);
    // Halved until it fits, though tests are on 256 images still.
    assert.match(experts!.advice!, /narrower network/);
    assert.match(memory(300e9, 2)[0]!.advice!, /one slot instead of 2 \(--slots 1\)/);
  });

  it('counts images as long as they are held, which a quarter of the memory may be', () => {
    const held = 70_000 * 784;
    const nothing: CountStep = () => ({ flops: 0, bytesMoved: 0, operations: 0, peakBytes: 0 });
    const bytes = (memoryLimit: number) =>
      estimatePlan(plan, { count: nothing, calibration, memoryLimit })!.stages[0]!.processBytes;
    assert.equal(bytes(4 * held) - bytes(4 * held - 4), Math.round(2.5 * held) - 3 * 48 * 1024 ** 2);
  });

  it('names a batch that fits', () => {
    const small: CountStep = (network, image, classes, kind, batch) =>
      kind === 'logits'
        ? { flops: 0, bytesMoved: 0, operations: 0, peakBytes: 1 }
        : count(network, image, classes, kind, batch);
    const { stages } = estimatePlan(plan, { count: small, calibration, memoryLimit: 15e9 })!;
    assert.equal(stages[0]!.advice, 'batchSize: 4 fits');
    assert.equal(
      stages[1]!.advice,
      'no method.batchSyn is small enough: use a narrower network or a machine with more memory',
    );
  });
});

describe('calibrations', () => {
  it('are read back as they were written, and left out when damaged', () => {
    const file = JSON.parse(
      JSON.stringify([calibration, { ...calibration, secondsPerFlop: -1 }, 1]),
    ) as unknown;
    assert.deepEqual(parseCalibrations(file), [calibration]);
    assert.deepEqual(parseCalibrations({}), []);
    assert.deepEqual(parseCalibrations(undefined), []);
  });

  it('are of one engine, machine and number of threads', () => {
    assert.ok(sameEngine(calibration.engine, { ...calibration.engine }));
    assert.ok(!sameEngine(calibration.engine, { ...calibration.engine, threads: 4 }));
  });
});
