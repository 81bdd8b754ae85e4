/**
 * @file The distillation methods that follow no expert, in a definition.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compile, describePlan, estimatePlan } from '../../definition/index.js';
import { knownDataset } from '../../definition/builtin-datasets.js';
import { stageWork } from '../../definition/stage-work.js';
import { stepCounter } from '../../distillation/step-costs.js';
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
    const kip = planned('{ name: kip }').stage.with.method;
    assert.deepEqual(kip, {
      ...{ name: 'kip', depth: 1, weightVariance: 2, biasVariance: 0.01, ridge: 1e-6 },
      ...{ lrImg: 0.04, batchReal: 1024, lrTrain: 0.01 },
    });
    const learning = planned('{ name: kip, labels: learned, lrLabels: 0.01 }').stage.with.method;
    assert.deepEqual(learning, { ...kip, labels: 'learned', lrLabels: 0.01 });
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
    const kip = planned('{ name: kip, batchReal: 300 }', { ipc: 2 });
    assert.deepEqual(kip.steps, []);
    assert.deepEqual(
      [kip.summary.sgdSteps, kip.summary.secondOrderSteps, kip.summary.imagesSeen],
      [5, undefined, 10 * (20 + 300) + 5 * 20],
    );
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
      /expected one of "mtt", "dd", "dm", "dc", "dsa", "kip", found the text "dmm"; did you mean "dm"\?/,
    ],
    ['{ name: dd, lrInit: 0.1, lrFloor: 0.2 }', {}, /lrInit 0.1 is below lrFloor 0.2/],
    ['{ name: dd, batchSyn: 11 }', {}, /batchSyn 11 is more than there are synthetic images/],
    ['{ name: kip, ridge: 0 }', {}, /must be above 0|greater than 0|more than 0/],
    ['{ name: kip, labels: learned }', {}, /learned labels need lrLabels/],
    ['{ name: kip, lrLabels: 1 }', {}, /lrLabels is for learned labels/],
    ['{ name: kip, synSteps: 3 }', {}, /unknown key "synSteps" in "method"/],
    ['{ name: kip }', { ipc: 100, more: experts }, /kip looks at no expert; leave trajectories out/],
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

describe('the work of kip', () => {
  it('is beside the device: more for more images, and none of a network', () => {
    const work = (ipc: number) => {
      const { plan } = compile(definition('{ name: kip, batchReal: 500 }', { ipc }));
      const stage = plan.stages[0]!;
      const all = stageWork(stage, plan, knownDataset('fashion-mnist')!);
      const estimate = estimatePlan(plan, { count: stepCounter() });
      return { flops: all.groups[0]!.hostFlops!, bytes: all.hostBytes!, estimate };
    };
    const [one, ten] = [work(1), work(10)];
    // Twice forth, once back, of 10 with 510 images of 784 values: 2 operations each, in 10 iterations; and what is measured.
    const products = 10 * (4 * 784 * 10 * 510) + 2 * 784 * 10 * 10_500;
    assert.ok(one.flops > products && one.flops < 1.2 * products, `${one.flops} for ${products}`);
    assert.ok(ten.flops > 9 * one.flops && ten.bytes > one.bytes);
    const distill = one.estimate!.stages[0]!;
    assert.ok(distill.flops > one.flops);
  });

  it('is refused where the equations would be too many', () => {
    const { issues } = failure(
      definition('{ name: kip }', { ipc: 501 }).replace('limit: 1000', 'limit: 6000'),
    );
    assert.deepEqual(
      issues.map(({ message }) => message),
      [
        'kip solves equations between all synthetic images, of which there can be 5000: ipc 501 x 10 classes = 5010',
      ],
    );
  });
});

describe('the images that a distillation starts from', () => {
  const from = (coreset: string, init: string): string =>
    definition('{ name: dm }', { ipc: 2, more: `init: ${init}` }) +
    `  coreset: { uses: select, with: { method: { name: random }, ipc: ${coreset} } }\n`;

  it('are those of a select stage, which comes first', () => {
    const { plan, warnings } = compile(from('2', '${{ stages.coreset.result }}'));
    assert.deepEqual(warnings, []);
    const distill = plan.stages.find(({ id }) => id === 'distill');
    assert.ok(distill?.uses === 'distill');
    assert.deepEqual(distill.with.init, { stage: 'coreset', output: 'result' });
    assert.deepEqual(distill.needs, ['coreset']);
    assert.ok(plan.stages.findIndex(({ id }) => id === 'coreset') < plan.stages.indexOf(distill));
  });

  it('are those of the same cell of a matrix', () => {
    const cells = from("'${{ matrix.ipc }}'", '${{ stages.coreset.result }}')
      .replace('ipc: 2\n', 'ipc: ${{ matrix.ipc }}\n')
      .replace('uses: distill', 'matrix: { ipc: [2, 3] }\n    uses: distill')
      .replace('uses: select', 'matrix: { ipc: [2, 3] }, uses: select')
      .replace('uses: evaluate', 'matrix: { ipc: [2, 3] }, uses: evaluate');
    const { plan } = compile(cells);
    const starts = plan.stages.flatMap((stage) => (stage.uses === 'distill' ? [stage.with.init] : []));
    assert.deepEqual(starts, [
      { stage: 'coreset[ipc=2]', output: 'result' },
      { stage: 'coreset[ipc=3]', output: 'result' },
    ]);
  });

  for (const [coreset, init, message] of [
    ['3', '${{ stages.coreset.result }}', /"coreset" makes 3 images per class, and 2 are to be distilled/],
    [
      '2',
      '${{ stages.evaluate.scores }}',
      /"init" takes the "result" of a select or distill stage, such as \$\{\{ stages.coreset.result/,
    ],
    ['2', '${{ stages.corset.result }}', /there is no stage "corset"; did you mean "coreset"\?/],
    [
      '2',
      'coreset',
      /^expected "real", "noise" or the images of a select, distill or custom stage, such as "\$\{\{ stages\.coreset/,
    ],
    ['2', 'nois', /did you mean "noise"\?$/],
    ['2', 'stages.other.result', /such as "\$\{\{ stages\.other\.result \}\}"$/],
  ] as const)
    it(`are not ${init} with ${coreset}`, () => {
      const { issues } = failure(from(coreset, init));
      assert.equal(issues.length, 1, JSON.stringify(issues));
      assert.match(issues[0]!.message, message);
    });
});
