/**
 * @file The names of results that exist: a definition of today finds what it computed years ago. Whoever changes one
 * of these makes every store's experts and images be computed again.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stageIdentity } from '../../activities/stage-identity.js';
import { distillationUnit, expertUnit } from '../../compute/unit-keys.js';
import { compile } from '../../definition/index.js';
import type { DistillStage, TrainExpertsStage } from '../../definition/plan.js';
import { example } from '../definition/examples.js';

const { plan } = compile(example);
const input = { key: 'datasets/x.json', sha256: '0'.repeat(64), bytes: 1, mediaType: 'application/json' };
const dataset = { manifest: input, limit: 1000, holdout: 500, seed: 7 };
const run = { seed: 7, dataset, network: plan.network };
const [experts, distill] = plan.stages as unknown as [TrainExpertsStage, DistillStage];

describe('what a definition without newer settings names', () => {
  const stages: Readonly<Record<string, string>> = {
    'train-experts': '985d7a44b23fbe6299aeb2f09af831b8c9acb2c12bbc8c1464ee3aaa546991fe',
    distill: 'c14bfc539cd41468b689c40ef27d6210d371e7c1801569da017697e8aae481ad',
    evaluate: '4255e8074a685ce1169d682fa90de820ab29c9cfb42b0e637204a2b7cfa62f4c',
  };
  for (const [uses, key] of Object.entries(stages))
    it(`is the same ${uses} stage`, () => {
      const stage = plan.stages.find((candidate) => candidate.uses === uses);
      assert.ok(stage);
      assert.equal(stageIdentity({ stage, run, inputs: { in: input } }), key);
      const drawing = { ...run, dataset: { ...dataset, perClass: 1 } };
      assert.equal(stageIdentity({ stage, run: drawing, inputs: { in: input } }), key);
    });

  it('is the same expert and the same distillation', () => {
    assert.equal(
      expertUnit({ ...run, config: experts.with, index: 1 }),
      '85fda3c68e7fcaba1fa98d456d5f7d58188cb0619fcd2543745cbf01a58e461b',
    );
    const { method, ipc, init, augmentation } = distill.with;
    const config = { method, ipc, init, augmentation };
    const chunk = { ...run, trajectories: input, config, iterations: 1, from: 0, to: 1 };
    assert.equal(distillationUnit(chunk), '4eab5811868cc202e8e38f71d4ccff2091758eedcac9d3243b7844acdc02ef2c');
    const longer = { ...chunk, config: { ...config, method: { ...method, emaDecay: 0.9 } } };
    assert.notEqual(distillationUnit(longer), distillationUnit(chunk));
  });

  it('is another expert when it is stored otherwise', () => {
    const keys = [
      {},
      { precision: 'fp16-delta' } as const,
      { keepEpochs: { every: 2 } },
      { keepEpochs: [0, 2] },
    ].map((storage) => expertUnit({ ...run, config: { ...experts.with, ...storage }, index: 1 }));
    assert.equal(new Set(keys).size, 4);
  });
});
