/**
 * @file Select stages in a definition: their plan, their cost, their mistakes.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compile, describePlan } from '../../definition/index.js';
import { stageWork } from '../../definition/stage-work.js';
import { knownDataset } from '../../definition/builtin-datasets.js';
import { failure } from './examples.js';

const definition = (
  change: { method?: string; more?: string; network?: string; ipc?: number } = {},
): string =>
  `name: coreset
dataset: { source: fashion-mnist, limit: 1000, holdout: 500 }
network: ${change.network ?? '{ architecture: ConvNet, depth: 2, width: 8 }'}
stages:
  experts: { uses: train-experts, with: { count: 2, epochs: 10 } }
  coreset:
    uses: select
    with:
      method: ${change.method ?? '{ name: herding }'}
      ipc: ${change.ipc ?? 3}
      ${change.more ?? 'trajectories: ${{ stages.experts.trajectories }}'}
  evaluate: { uses: evaluate, with: { dataset: '\${{ stages.coreset.result }}' } }
`;

const plain = { more: '' };

describe('a select stage', () => {
  it('is planned after the experts that it looks at, and only then', () => {
    const { plan, warnings } = compile(definition());
    assert.deepEqual(warnings, []);
    const [, coreset, evaluate] = plan.stages;
    assert.deepEqual(
      [coreset?.uses, coreset?.needs, coreset?.with],
      [
        'select',
        ['experts'],
        {
          method: { name: 'herding' },
          ipc: 3,
          lr: 0.01,
          trajectories: { stage: 'experts', output: 'trajectories' },
        },
      ],
    );
    assert.deepEqual(evaluate?.needs, ['coreset']);
    const random = compile(definition({ ...plain, method: '{ name: random }' })).plan.stages[1];
    assert.deepEqual([random?.needs, random?.with], [[], { method: { name: 'random' }, ipc: 3, lr: 0.01 }]);
  });

  it('says what it costs: nothing but a look, or a training that counts', () => {
    const summary = (change: Parameters<typeof definition>[0]) => {
      const { plan } = compile(definition(change));
      const work = stageWork(plan.stages[1]!, plan, knownDataset('fashion-mnist')!);
      const steps = work.groups[0]!.steps.map(({ kind, batch, count }) => [kind, batch, count]);
      return { described: describePlan(plan).stages.find(({ id }) => id === 'coreset'), steps };
    };
    const herding = summary({});
    assert.deepEqual(herding.steps, [
      ['logits', 256, 3],
      ['logits', 232, 1],
    ]);
    assert.deepEqual(
      [herding.described?.sgdSteps, herding.described?.storedBytes],
      [undefined, 30 * 784 * 4],
    );
    const method = '{ name: forgetting, epochs: 2, batchSize: 500 }';
    const forgetting = summary({ ...plain, method });
    assert.deepEqual(forgetting.steps, [
      ['momentum-sgd', 500, 4],
      ['logits', 500, 4],
    ]);
    assert.equal(forgetting.described?.sgdSteps, 4);
    const evaluated = describePlan(compile(definition()).plan).stages.find(({ id }) => id === 'evaluate');
    assert.equal(evaluated?.imagesSeen, 10 * 1000 * 30);
  });

  const batch = '{ architecture: ConvNet, norm: batch }';
  const mistakes: readonly [Parameters<typeof definition>[0], RegExp][] = [
    [{ method: '{ name: herdin }' }, /expected one of .*"herding".* did you mean "herding"\?/],
    [{ method: '{ name: herding, epochs: 3 }' }, /unknown key "epochs" in "method"/],
    [plain, /herding chooses by the features of an expert; add trajectories: \$\{\{ stages\.experts\.traj/],
    [{ method: '{ name: forgetting }' }, /forgetting looks at no expert; leave trajectories out/],
    [{ network: batch, method: '{ name: k-center }' }, /k-center needs features .* choose another norm/],
    [{ ipc: 101 }, /more images \(ipc 101 x 10 classes = 1010\) than there are to select from \(1000\)/],
    [
      { more: 'trajectories: ${{ stages.evaluate.scores }}' },
      /"trajectories" takes the "trajectories" of a train-experts stage/,
    ],
  ];
  for (const [change, message] of mistakes)
    it(`refuses ${JSON.stringify(change)}`, () => {
      const { issues } = failure(definition(change));
      assert.equal(issues.length, 1, JSON.stringify(issues));
      assert.match(issues[0]!.message, message);
    });

  it('is named where a set of images is expected', () => {
    const wrong = definition().replace('stages.coreset.result', 'stages.experts.trajectories');
    assert.match(
      failure(wrong).issues[0]!.message,
      /"dataset" takes the "result" of a distill or select stage, such as \$\{\{ stages\.coreset\.result \}\}/,
    );
  });
});
