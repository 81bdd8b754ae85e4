/**
 * @file The baseline `full` in a definition: which networks it trains, what that costs, mistakes.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { knownDataset } from '../../definition/builtin-datasets.js';
import { compile, describePlan } from '../../definition/index.js';
import type { EvaluateStage } from '../../definition/plan.js';
import { realImagesPerClass } from '../../definition/real-images.js';
import { stageWork } from '../../definition/stage-work.js';
import { failure } from './examples.js';

/** A distillation with experts, or by a method that needs none. */
const definition = (evaluate: string, method = 'mtt'): string => {
  const mtt = '{ synSteps: 2, expertEpochs: 1, maxStartEpoch: 2, lrImg: 10, lrLr: 0 }';
  return `name: whole
dataset: { source: fashion-mnist, limit: 1000, holdout: 500 }
network: { architecture: ConvNet, depth: 2, width: 8 }
stages:
  experts: { uses: train-experts, with: { count: 2, epochs: 10 } }
  distill:
    uses: distill
    with:
      method: ${method === 'mtt' ? mtt : `{ name: ${method} }`}
      ipc: 3
      ${method === 'mtt' ? 'trajectories: ${{ stages.experts.trajectories }}' : 'iterations: 10'}
  evaluate:
    uses: evaluate
    with:
      dataset: \${{ stages.distill.result }}
      runs: 2
      epochs: 10
${evaluate
  .split('\n')
  .map((line) => `      ${line}`)
  .join('\n')}
`;
};

const planned = (...text: Parameters<typeof definition>) => {
  const { plan } = compile(definition(...text));
  const stage = plan.stages.find((candidate): candidate is EvaluateStage => candidate.uses === 'evaluate');
  assert.ok(stage);
  return { plan, stage, full: stage.with.full };
};
const trained = (...text: Parameters<typeof definition>) =>
  planned(...text).full?.networks.map(({ architecture }) => architecture);

const several = 'networks: [ConvNet, ResNet18, { architecture: ConvNet, depth: 2, width: 16 }]';
const both = `${several}\nbaselines: [random, full]`;

describe('the baseline full', () => {
  it('trains the networks that no expert stands for, with settings of its own', () => {
    const { full } = planned(`${both}\nfull: { runs: 2, epochs: 20, lr: 0.02, batchSize: 100 }`);
    assert.deepEqual(full, {
      networks: [
        { architecture: 'ResNet18', norm: 'instance' },
        { architecture: 'ConvNet', depth: 2, width: 16, norm: 'instance', pool: 'avg', act: 'relu' },
      ],
      runs: 2,
      epochs: 20,
      lr: 0.02,
      momentum: 0.9,
      weightDecay: 0.0005,
      batchSize: 100,
      augmentation: 'dsa',
    });
    assert.deepEqual([planned(both).full?.runs, planned(both).full?.epochs], [3, 50]);
    // The same network, its options in another order.
    const reordered = 'networks: [{ act: relu, width: 8, depth: 2, architecture: ConvNet }, LeNet]';
    assert.deepEqual(trained(`${reordered}\nbaselines: [full]`), ['LeNet']);
  });

  it('trains all of them when asked to, or when there are no experts before', () => {
    const all = ['ConvNet', 'ResNet18', 'ConvNet'];
    assert.deepEqual(trained(`${both}\nfull: { retrain: true }`), all);
    assert.deepEqual(trained(both, 'dm'), all);
    assert.deepEqual(trained('baselines: [full]'), []);
    const elsewhere = definition('baselines: [full]').replace(
      '{ uses: train-experts, with: { count: 2, epochs: 10 } }',
      '{ uses: train-experts, from: other/experts }',
    );
    const evaluate = compile(elsewhere).plan.stages.find((stage) => stage.uses === 'evaluate');
    assert.deepEqual(evaluate?.uses === 'evaluate' && evaluate.with.full?.networks, []);
  });

  it('changes nothing in a plan that does not ask for it', () => {
    const { stage, full } = planned(several);
    assert.equal(full, undefined);
    assert.ok(!('full' in stage.with));
    assert.deepEqual(stage.with.baselines, ['random']);
  });

  it('draws no real images', () => {
    const noise = (baselines: string) =>
      realImagesPerClass(
        compile(definition(baselines).replace('ipc: 3', 'ipc: 3\n      init: noise')).plan.stages,
      );
    assert.equal(noise('baselines: [full]'), 0);
    assert.equal(noise('baselines: [random, full]'), 3);
  });

  it('is part of the cost', () => {
    const { plan, stage } = planned(`${both}\nfull: { runs: 4, epochs: 20, batchSize: 300 }`);
    const summary = describePlan(plan).stages.find(({ id }) => id === 'evaluate');
    // 3 networks twice on distilled and on random images, 2 networks four times on 1000.
    assert.equal(summary?.units, 12 + 8);
    assert.equal(summary.sgdSteps, 12 * 10 + 8 * 20 * 4);
    assert.equal(summary.imagesSeen, 12 * 10 * 30 + 8 * 20 * 1000);
    const known = knownDataset('fashion-mnist');
    assert.ok(known);
    const { groups } = stageWork(stage, plan, known);
    assert.deepEqual(
      groups.map(({ units, steps }) => {
        const [first] = steps;
        return [units, first?.network.architecture, first?.kind, first?.batch, first?.count];
      }),
      [
        [4, 'ConvNet', 'momentum-sgd', 30, 10],
        [4, 'ResNet18', 'momentum-sgd', 30, 10],
        [4, 'ConvNet', 'momentum-sgd', 30, 10],
        [4, 'ResNet18', 'momentum-sgd', 300, 60],
        [4, 'ConvNet', 'momentum-sgd', 300, 60],
      ],
    );
  });

  it('is named in mistakes', () => {
    const message = (evaluate: string) => failure(definition(evaluate)).issues.map((issue) => issue.message);
    assert.deepEqual(message('full: { runs: 2 }'), [
      'says how the baseline "full" is trained, which is not among the baselines; add it: baselines: [random, full]',
    ]);
    assert.match(message('baselines: [ful]')[0] ?? '', /did you mean "full"/);
    assert.match(message('baselines: [full, full]')[0] ?? '', /listed twice/);
    assert.match(message('baselines: [full]\nfull: { epoch: 3 }')[0] ?? '', /unknown key "epoch".*"epochs"/);
    assert.match(message('baselines: [full]\nfull: { runs: 0 }')[0] ?? '', /at least 1/);
  });
});
