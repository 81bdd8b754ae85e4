/**
 * @file The settings of trajectory matching in a definition: how they are planned, counted, and refused.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compile, describePlan } from '../../definition/index.js';
import type { DistillStage } from '../../definition/plan.js';
import { brief, changed, example, failure } from './examples.js';

const withMethod = (lines: string) => changed('synSteps: 5', `synSteps: 5\n        ${lines}`);
const methodOf = (text: string) =>
  compile(text).plan.stages.find((stage): stage is DistillStage => stage.uses === 'distill')!.with.method;

describe('settings of the method', () => {
  it('are left out of the plan at their defaults, so that old results keep their names', () => {
    const written = withMethod(
      'labels: fixed\n        minStartEpoch: 0\n        expertsPerStep: 1\n        keepFraction: 1',
    );
    assert.deepEqual(methodOf(written), methodOf(example));
    assert.deepEqual(Object.keys(methodOf(example)).sort(), [
      'expertEpochs',
      'lrFloor',
      'lrImg',
      'lrInit',
      'lrLr',
      'maxStartEpoch',
      'momentum',
      'name',
      'synSteps',
    ]);
  });

  it('are planned as they are written', () => {
    const written = {
      labels: 'learned',
      lrLabels: 2,
      emaDecay: 0.99,
      skipAbove: 1,
      minStartEpoch: 1,
      startEpochGrowth: { from: 2, iterations: 50 },
      expertsPerStep: 3,
      keepFraction: 0.9,
    };
    const text = withMethod(
      Object.entries(written)
        .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
        .join('\n        '),
    );
    assert.deepEqual(methodOf(text), { ...methodOf(example), ...written });
  });

  it('count the work of every expert of an iteration', () => {
    const steps = (text: string) => describePlan(compile(text).plan).stages[1]?.secondOrderSteps;
    assert.equal(steps(withMethod('expertsPerStep: 3')), 3 * steps(example)!);
  });

  for (const [lines, issue] of [
    ['labels: learned', '19:17 learned labels need lrLabels, their learning rate'],
    ['lrLabels: 1', '19:19 lrLabels is for learned labels; add "labels: learned", or leave it out'],
    ['minStartEpoch: 4', '19:24 minStartEpoch 4 must be below maxStartEpoch 4'],
    [
      'startEpochGrowth: { from: 5, iterations: 10 }',
      '19:35 start epochs are first drawn from minStartEpoch to "from" - 1: "from" must be from 1 to maxStartEpoch 4, found 5',
    ],
    ['keepFraction: 0', '19:23 must be greater than 0, found 0'],
    ['emaDecay: 1', '19:19 must be less than 1, found 1'],
    ['emaDecai: 0.9', '19:9 unknown key "emaDecai" in "method"; did you mean "emaDecay"?'],
  ] as const)
    it(`are refused: ${lines}`, () => {
      assert.deepEqual(failure(withMethod(lines)).issues.map(brief), [issue]);
    });
});

const withExperts = (text: string) => changed('epochs: 10 }', `epochs: 10, ${text} }`);
const expertsOf = (text: string) => {
  const { plan } = compile(text);
  return { config: plan.stages[0]!.with, bytes: describePlan(plan).stages[0]!.storedBytes! };
};

describe('settings of stored trajectories', () => {
  it('are left out of the plan at their defaults', () => {
    for (const text of ['precision: fp32, keepEpochs: all', 'keepEpochs: { every: 1 }'])
      assert.deepEqual(expertsOf(withExperts(text)), expertsOf(example));
  });

  it('count in the bytes that are stored', () => {
    const { bytes } = expertsOf(example);
    assert.equal(expertsOf(withExperts('precision: fp16-delta')).bytes, (bytes * (4 + 20)) / 44);
    assert.equal(expertsOf(withExperts('keepEpochs: { every: 2 }')).bytes, (bytes * 6) / 11);
    assert.equal(expertsOf(withExperts('keepEpochs: [0, 1, 2, 3, 4, 5]')).bytes, (bytes * 6) / 11);
  });

  for (const [text, issue] of [
    [
      'precision: bf16',
      '10:46 bf16 is too coarse: it loses about 5 % of the step between two epochs, by which the matching loss divides; "fp16-delta" loses 0.02 % and takes hardly more room',
    ],
    [
      'precision: fp16',
      '10:46 fp16 is too coarse: it loses about 0.7 % of the step between two epochs, by which the matching loss divides; "fp16-delta" loses 0.02 % and takes hardly more room',
    ],
    ['precision: float', '10:46 expected one of "fp32", "fp16-delta", found the text "float"'],
    [
      'keepEpochs: [0, 1, 2, 3, 20]',
      '10:47 the experts are trained for 10 epochs; there is no epoch 20 to keep',
    ],
    ['keepEpochs: [2, 1]', '10:47 epochs must be listed once each, in rising order'],
    [
      'keepEpochs: { every: 3 }',
      '19:23 the experts of "experts" keep no start epoch from 0 to 3 together with the epoch 2 later: keep more of their epochs (keepEpochs), or match another number of expertEpochs',
    ],
  ] as const)
    it(`are refused: ${text}`, () => {
      assert.deepEqual(failure(withExperts(text)).issues.map(brief), [issue]);
    });
});
