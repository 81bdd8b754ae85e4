/**
 * @file The distillation methods that follow no expert, in a definition.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compile, describePlan } from '../../definition/index.js';
import { knownDataset } from '../../definition/builtin-datasets.js';
import { stageWork } from '../../definition/stage-work.js';
import { failure } from './examples.js';

interface Change {
  readonly ipc?: number;
  readonly more?: string;
  readonly network?: string;
}

const definition = (method: string, { ipc = 1, more = '', network = 'ConvNet' }: Change = {}): string =>
  `name: methods
dataset: { source: fashion-mnist, limit: 1000, holdout: 500 }
network: ${network}
stages:
  distill:
    uses: distill
    with:
      method: ${method}
      ipc: ${ipc}
      iterations: 10
      selection: { every: 10, epochs: 5 }
      ${more}
  evaluate: { uses: evaluate, with: { dataset: '\${{ stages.distill.result }}' } }
`;

const planned = (method: string, change: Change = {}) => {
  const { plan, warnings } = compile(definition(method, change));
  assert.deepEqual(warnings, []);
  const stage = plan.stages[0]!;
  assert.ok(stage.uses === 'distill');
  const summary = describePlan(plan).stages[0]!;
  const work = stageWork(stage, plan, knownDataset('fashion-mnist')!);
  const steps = work.groups[0]!.steps.map(({ kind, batch, count, augmented }) => [
    kind,
    batch,
    count,
    augmented,
  ]);
  return { stage, summary, steps };
};

describe('a distillation without experts', () => {
  it('has the published settings written out', () => {
    const { stage } = planned('{ name: dm }');
    assert.deepEqual([stage.needs, stage.with.trajectories], [[], undefined]);
    const dm = { name: 'dm', lrImg: 1, momentum: 0.5, batchReal: 256, lrTrain: 0.01 };
    assert.deepEqual(stage.with.method, dm);
    const loops = (ipc: number) => {
      const { method } = planned('{ name: dsa }', { ipc }).stage.with;
      return method.name === 'dsa' ? [method.outerLoops, method.innerEpochs, method.lrImg, method.lrNet] : [];
    };
    assert.deepEqual(
      [1, 10, 50].map((ipc) => loops(ipc)),
      [
        [1, 1, 0.1, 0.01],
        [10, 50, 0.1, 0.01],
        [50, 10, 0.1, 0.01],
      ],
    );
    const { method } = planned('{ name: dc, outerLoops: 3, innerEpochs: 0 }').stage.with;
    assert.deepEqual([method.name, method.name === 'dc' && method.outerLoops], ['dc', 3]);
  });

  it('is counted', () => {
    const dd = planned('{ name: dd, synSteps: 4, batchReal: 300 }', { ipc: 2 });
    assert.deepEqual(dd.steps, [
      ['plain-sgd', 20, 40, 1],
      ['second-order', 20, 40, 2],
      ['plain-sgd', 300, 10, 0],
    ]);
    assert.deepEqual([dd.summary.sgdSteps, dd.summary.secondOrderSteps], [40 + 10 + 5, 40]);
    const dm = planned('{ name: dm, batchReal: 60 }', { ipc: 2 });
    assert.deepEqual(dm.steps, [
      ['logits', 60, 100, 1],
      ['plain-sgd', 2, 100, 2],
    ]);
    assert.deepEqual(
      [dm.summary.sgdSteps, dm.summary.secondOrderSteps, dm.summary.imagesSeen],
      [100 + 5, undefined, 10 * (20 + 600) + 5 * 20],
    );
    const dc = planned('{ name: dc, outerLoops: 3, innerEpochs: 4 }', { ipc: 2 });
    assert.deepEqual(dc.steps, [
      ['plain-sgd', 100, 300, 0],
      ['plain-sgd', 2, 300, 0],
      ['second-order', 2, 300, 0],
      ['plain-sgd', 20, 80, 0],
    ]);
    assert.deepEqual([dc.summary.sgdSteps, dc.summary.secondOrderSteps], [600 + 80 + 5, 300]);
  });

  const experts =
    'trajectories: ${{ stages.experts.trajectories }}\n  experts: { uses: train-experts, with: { count: 1 } }';
  const mistakes: readonly [string, Change, RegExp][] = [
    [
      '{ name: dmm }',
      {},
      /expected one of "mtt", "dd", "dm", "dc", "dsa", found the text "dmm"; did you mean "dm"\?/,
    ],
    ['{ name: dd, lrInit: 0.1, lrFloor: 0.2 }', {}, /lrInit 0.1 is below lrFloor 0.2/],
    ['{ name: dd, batchSyn: 11 }', {}, /batchSyn 11 is more than there are synthetic images/],
    ['{ name: dm, synSteps: 3 }', {}, /unknown key "synSteps" in "method"/],
    ['{ name: dm }', { more: experts }, /dm looks at no expert; leave trajectories out/],
    ['{ name: dsa }', { more: 'augmentation: none' }, /dsa without augmentation is the method dc/],
    ['{ name: dm }', { network: '{ architecture: ConvNet, norm: batch }' }, /choose another norm/],
    [
      '{ synSteps: 1, expertEpochs: 1, maxStartEpoch: 1, lrImg: 1, lrLr: 0 }',
      {},
      /^"trajectories" is missing$/,
    ],
  ];
  for (const [method, change, message] of mistakes)
    it(`refuses ${method} ${JSON.stringify(change).slice(0, 50)}`, () => {
      const { issues } = failure(definition(method, change));
      assert.equal(issues.length, 1, JSON.stringify(issues));
      assert.match(issues[0]!.message, message);
    });
});
