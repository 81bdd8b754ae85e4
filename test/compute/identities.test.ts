/**
 * @file The names of results that exist: a definition of today finds what it computed years ago. Whoever changes one
 * of these makes every store's experts and images be computed again.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stageIdentity } from '../../activities/stage-identity.js';
import { distillationUnit, expertUnit } from '../../compute/unit-keys.js';
import { compile } from '../../definition/index.js';
import type { DistillStage, PlannedStage, TrainExpertsStage } from '../../definition/plan.js';
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
    assert.ok(init === 'real' || init === 'noise');
    const config = { method, ipc, init, augmentation };
    const chunk = { ...run, trajectories: input, config, iterations: 1, from: 0, to: 1 };
    assert.equal(distillationUnit(chunk), '4eab5811868cc202e8e38f71d4ccff2091758eedcac9d3243b7844acdc02ef2c');
    const longer = { ...chunk, config: { ...config, method: { ...method, emaDecay: 0.9 } } };
    assert.notEqual(distillationUnit(longer), distillationUnit(chunk));
  });

  it('is another distillation and another stage from other images', () => {
    const chunk = { ...run, trajectories: input, iterations: 1, from: 0, to: 1 };
    const { method, ipc, augmentation } = distill.with;
    const units = ['1'.repeat(64), '2'.repeat(64)].map((sha256) =>
      distillationUnit({
        ...chunk,
        config: { method, ipc, init: 'given', augmentation },
        initial: { ...input, sha256 },
      }),
    );
    assert.equal(new Set(units).size, 2);
    const from = (stage: string): PlannedStage => ({
      ...distill,
      with: { ...distill.with, init: { stage, output: 'result' } },
    });
    const keyOf = (stage: PlannedStage, sha256 = '1'.repeat(64)): string =>
      stageIdentity({ stage, run, inputs: { in: input, initial: { ...input, sha256 } } });
    // The name of a stage is not part of what it selects.
    assert.equal(keyOf(from('herding')), keyOf(from('coreset')));
    assert.notEqual(keyOf(from('herding')), keyOf(from('herding'), '2'.repeat(64)));
    assert.notEqual(keyOf(from('herding')), keyOf(distill));
  });

  it('is another result with batch normalisation, of which the averages are tested', () => {
    const changed = (norm: 'batch' | 'layer') => {
      const network = { ...plan.network, norm } as typeof plan.network;
      const stageOf = (uses: string): PlannedStage => {
        const stage = plan.stages.find((candidate) => candidate.uses === uses);
        assert.ok(stage);
        return stage.uses === 'evaluate' ? { ...stage, with: { ...stage.with, networks: [network] } } : stage;
      };
      const { method, ipc, augmentation } = distill.with;
      const config = { method, ipc, init: 'real' as const, augmentation };
      return [
        expertUnit({ ...run, network, config: experts.with, index: 1 }),
        distillationUnit({ ...run, network, config, iterations: 1, from: 0, to: 1 }),
        ...['train-experts', 'distill', 'evaluate'].map((uses) =>
          stageIdentity({ stage: stageOf(uses), run: { ...run, network }, inputs: { in: input } }),
        ),
      ];
    };
    const [expert, distillation, ...stages] = changed('layer');
    assert.deepEqual(
      [expert, distillation],
      [
        '000b217b505f545bd1bff893270e4348c53c81bdc5e7f449d389c4cc8e9ba05f',
        '2623a83953cace04371c8841ccc7b467d03f75398771aec45c7f017f4d9550de',
      ],
    );
    assert.deepEqual(stages, [
      '384010d6b42e600a26499e48c5157a89a4b44356c7603645fd07c066eb78cab2',
      'd8b50a63640f83cb59552bcfc992c76579890261e103d85240787fbecbdc9aff',
      '829108b3c23ec5018ed07669b333fc86b3fdefd58ca094ce5a5417740bb8b081',
    ]);
    // Of what was named before, the images alone are as they were.
    const before = [
      'a649e46125ac144fd14f0361205046aa2395c34f3683cd4923d4175ed4d30992',
      'e4728e71b263e9ef12f8462584cff111a13f3cf644fa2141f6fec8f4f4ebf284',
      'b3d1b5fd3d66211380ae784b289377a3bd0035b82b5f36de8ef6903d7d3cc4c0',
      '7865ddf078fe5290bb033ed9c0ebd14dac7ce1cdf04e7a0b592d96acf2b9913b',
      'd7036e9145abe2f59bf6e828254693c3e52a837786b6ebc4564087f26c631eca',
    ];
    assert.deepEqual(
      changed('batch').map((key, i) => key === before[i]),
      [false, true, false, false, false],
    );
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
