/**
 * @file What a definition compiles to: defaults, short forms, order, parameters.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { compile, describePlan, type PlannedStage } from '../../definition/index.js';
import { brief, changed, example, failure } from './examples.js';

function stage<Type extends PlannedStage['uses']>(
  text: string,
  uses: Type,
): Extract<PlannedStage, { uses: Type }> {
  const found = compile(text).plan.stages.find((one) => one.uses === uses);
  assert.ok(found);
  return found as Extract<PlannedStage, { uses: Type }>;
}

const common = {
  maxParallel: 4,
  retry: { failures: 3, preemptions: null, backoffSeconds: 5 },
  timeoutSeconds: 86_400,
  stallTimeoutSeconds: 300,
  heartbeatTimeoutSeconds: 10,
  onFailure: 'fail',
  cache: true,
};
const convNet = { architecture: 'ConvNet', depth: 2, width: 8, norm: 'instance', pool: 'avg', act: 'relu' };

describe('a plan', () => {
  it('says that images are whitened only where they are', () => {
    const zca = (value: string) =>
      compile(changed('holdout: 500', `holdout: 500, zca: ${value}`)).plan.dataset;
    assert.equal(zca('true').zca, true);
    assert.equal('zca' in zca('false'), false);
  });

  it('has every default of the method written out', () => {
    assert.deepEqual(compile(example), {
      warnings: [],
      included: [],
      plan: {
        name: 'example',
        seed: 7,
        params: { ipc: 1 },
        dataset: { source: 'fashion-mnist', limit: 1000, holdout: 500 },
        network: convNet,
        stages: [
          {
            id: 'experts',
            needs: [],
            ...common,
            uses: 'train-experts',
            with: {
              count: 2,
              epochs: 10,
              lr: 0.01,
              momentum: 0,
              weightDecay: 0,
              batchSize: 256,
              augmentation: 'dsa',
            },
          },
          {
            id: 'distill',
            needs: ['experts'],
            ...common,
            uses: 'distill',
            with: {
              trajectories: { stage: 'experts', output: 'trajectories' },
              method: {
                name: 'mtt',
                synSteps: 5,
                expertEpochs: 2,
                maxStartEpoch: 4,
                lrImg: 1000,
                lrLr: 1e-5,
                lrInit: 0.01,
                lrFloor: 1e-6,
                momentum: 0.5,
              },
              ipc: 1,
              iterations: 100,
              init: 'real',
              augmentation: 'dsa',
              selection: { every: 50, runs: 1, epochs: 300 },
            },
            chunkIterations: 10,
          },
          {
            id: 'evaluate',
            needs: ['experts', 'distill'],
            ...common,
            uses: 'evaluate',
            with: {
              dataset: { stage: 'distill', output: 'result' },
              networks: [convNet],
              runs: 5,
              epochs: 1000,
              lr: 'learned',
              momentum: 0.9,
              weightDecay: 5e-4,
              batchSize: 256,
              augmentation: 'dsa',
              baselines: ['random'],
              baselineLr: 0.01,
            },
          },
          { id: 'report', needs: ['experts', 'distill', 'evaluate'], ...common, uses: 'report', with: {} },
        ],
      },
    });
  });

  it('takes short forms', () => {
    const { plan } = compile(`name: short
dataset: fashion-mnist
stages:
  experts: { uses: train-experts, with: { count: 1 } }
  report: { uses: report, needs: experts, with: { title: Short } }
`);
    assert.deepEqual(plan.dataset, { source: 'fashion-mnist', holdout: 2000 });
    assert.equal(plan.seed, 1);
    assert.deepEqual(plan.network, { ...convNet, depth: 3, width: 128 });
    assert.deepEqual(plan.stages[1]?.needs, ['experts']);
    assert.deepEqual(plan.stages[1].with, { title: 'Short' });
  });

  it('reads durations in every unit, and seconds', () => {
    const text = changed(
      'needs: [experts]',
      'timeout: 1.5h\n    stallTimeout: 90\n    heartbeatTimeout: 45s\n    retry: { failures: 0, preemptions: 4, backoff: 30s }',
    );
    const { timeoutSeconds, stallTimeoutSeconds, heartbeatTimeoutSeconds, retry } = stage(text, 'evaluate');
    assert.equal(timeoutSeconds, 5400);
    assert.equal(stallTimeoutSeconds, 90);
    assert.equal(heartbeatTimeoutSeconds, 45);
    assert.deepEqual(retry, { failures: 0, preemptions: 4, backoffSeconds: 30 });
    assert.equal(stage(changed('needs: [experts]', 'timeout: 2d'), 'evaluate').timeoutSeconds, 172_800);
    assert.equal(stage(changed('needs: [experts]', 'timeout: 10m'), 'evaluate').timeoutSeconds, 600);
  });

  it('gives a network named alone the options of the pipeline, and keeps written ones', () => {
    const text = changed(
      'result }}',
      'result }}\n      networks: [ConvNet, { architecture: ConvNet, norm: batch }]',
    );
    assert.deepEqual(stage(text, 'evaluate').with.networks, [
      convNet,
      { ...convNet, depth: 3, width: 128, norm: 'batch' },
    ]);
  });

  it('takes every network by its name alone', () => {
    const names = ['MLP', 'LeNet', 'AlexNet', 'VGG11', 'ResNet18', 'ResNet18_AP'];
    const text = changed('result }}', `result }}\n      networks: [${names.join(', ')}]`);
    assert.deepEqual(
      stage(text, 'evaluate').with.networks,
      names.map((architecture) =>
        /^(VGG|ResNet)/.test(architecture) ? { architecture, norm: 'instance' } : { architecture },
      ),
    );
  });

  it("takes cross-architecture as the pipeline's network and those of the paper", () => {
    const text = changed('result }}', 'result }}\n      networks: cross-architecture');
    const names = (definition: string) =>
      stage(definition, 'evaluate').with.networks.map(({ architecture }) => architecture);
    assert.deepEqual(stage(text, 'evaluate').with.networks[0], convNet);
    assert.deepEqual(names(text), ['ConvNet', 'ResNet18', 'VGG11', 'AlexNet']);
    const own = text.replace('{ architecture: ConvNet, depth: 2, width: 8 }', 'LeNet');
    assert.deepEqual(names(own), ['LeNet', 'ConvNet', 'ResNet18', 'VGG11', 'AlexNet']);
  });

  it('keeps the name and the options of a network of the worker', () => {
    const custom = '{ architecture: custom, name: Wide, options: { width: 16, gate: true } }';
    const { plan } = compile(changed('{ architecture: ConvNet, depth: 2, width: 8 }', custom));
    const options = { width: 16, gate: true };
    assert.deepEqual(plan.network, { architecture: 'custom', name: 'Wide', options });
    assert.deepEqual(describePlan(plan).network, { text: 'Wide, width 16, gate true' });
  });

  it('spaces the candidates by the iterations alone, whatever the chunks', () => {
    const every = (text: string) => stage(text, 'distill').with.selection.every;
    assert.equal(every(changed('iterations: 100\n', 'iterations: 30\n')), 30);
    assert.equal(every(changed('iterations: 100\n', 'iterations: 5000\n')), 1000);
    assert.equal(every(changed('chunk: { iterations: 10 }', 'chunk: { iterations: 7 }')), 50);
    assert.equal(every(changed('ipc: ${{ params.ipc }}', 'ipc: 1\n      selection: { every: 7 }')), 7);
    assert.equal(stage(changed('    chunk: { iterations: 10 }\n', ''), 'distill').chunkIterations, 100);
  });

  it('orders stages by what they need, keeping the written order otherwise', () => {
    const { plan } = compile(`name: order
dataset: fashion-mnist
stages:
  last: { uses: report, needs: [b, a] }
  a: { uses: train-experts, needs: [c], with: { count: 1 } }
  b: { uses: train-experts, with: { count: 1 } }
  c: { uses: train-experts, with: { count: 1 } }
`);
    assert.deepEqual(
      plan.stages.map(({ id }) => id),
      ['b', 'c', 'a', 'last'],
    );
  });

  it('lets a report that names no needs come after everything but what needs it', () => {
    const { plan } = compile(`name: reports
dataset: fashion-mnist
stages:
  first: { uses: report }
  experts: { uses: train-experts, with: { count: 1 } }
  later: { uses: train-experts, needs: [first], with: { count: 1 } }
`);
    assert.deepEqual(plan.stages.find(({ id }) => id === 'first')?.needs, ['experts']);
  });

  it('is the same from an object as from YAML, and from bytes as from text', () => {
    const expected = compile(example);
    assert.deepEqual(compile(parse(example) as object).plan, expected.plan);
    assert.deepEqual(compile(new TextEncoder().encode(example)), expected);
    assert.deepEqual(compile(`\uFEFF${example}`), expected);
    assert.deepEqual(compile(example.replaceAll('\n', '\r\n')), expected);
  });

  it('is plain JSON', () => {
    const { plan } = compile(example);
    assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
  });

  it('accepts the notations of numbers that YAML 1.2 has', () => {
    for (const written of ['1e-5', '1.0e-5', '0.00001', '+1E-5', '.1e-4', '1.e-5'])
      assert.equal(
        Object.entries(stage(changed('lrLr: 1.0e-5', `lrLr: ${written}`), 'distill').with.method).find(
          ([name]) => name === 'lrLr',
        )?.[1],
        1e-5,
        written,
      );
  });

  it('expands anchors', () => {
    const text = changed('needs: [experts]', 'retry: &again { failures: 9 }').replace(
      'uses: report',
      'uses: report\n    retry: *again',
    );
    assert.equal(stage(text, 'report').retry.failures, 9);
  });
});

describe('parameters', () => {
  const ipc = (params: Record<string, string | number | boolean>) => {
    const { plan } = compile(example, { params });
    return [plan.params.ipc, plan.stages[1]?.uses === 'distill' && plan.stages[1].with.ipc];
  };

  it('take the given value, read from text where it is text', () => {
    assert.deepEqual(ipc({ ipc: 3 }), [3, 3]);
    assert.deepEqual(ipc({ ipc: '10' }), [10, 10]);
  });

  it('are refused by name, type and range', () => {
    const message = (params: Record<string, string | number | boolean>) =>
      failure(example, { params }).issues.map(brief);
    assert.deepEqual(message({ ipx: 3 }), ['2:1 there is no parameter "ipx"; did you mean "ipc"?']);
    assert.deepEqual(message({ ipc: 'many' }), [
      '3:3 the parameter "ipc" was given "many": expected an integer, found "many"',
    ]);
    assert.deepEqual(message({ ipc: '1.5' }), [
      '3:3 the parameter "ipc" was given "1.5": expected an integer, found 1.5',
    ]);
    assert.deepEqual(message({ ipc: 51 }), [
      '3:3 the parameter "ipc" was given 51: must be at most 50, found 51',
    ]);
    assert.deepEqual(message({ ipc: '${{ 1 }}' }), [
      '3:3 the parameter "ipc" was given "${{ 1 }}": a parameter takes plain values, not expressions',
    ]);
  });

  it('keep their type alone and become text inside one', () => {
    const text = changed(
      'ipc: { type: integer, default: 1, minimum: 1, maximum: 50 }',
      'ipc: { type: integer, default: 2 }\n  cached: { type: boolean, default: true }\n  start: { type: string, enum: [real, noise], default: real }',
    )
      .replace('iterations: 100', 'iterations: ${{ (params.ipc + 3) * 20 }}\n      init: ${{ params.start }}')
      .replace(
        'uses: report',
        "uses: report\n    cache: ${{ params.cached }}\n    with: { title: 'ipc ${{ params.ipc }}, ${{ params.start }}' }",
      );
    const { plan } = compile(text, { params: { cached: 'false', start: 'noise' } });
    const [, distill, , report] = plan.stages;
    assert.ok(distill?.uses === 'distill' && report?.uses === 'report');
    assert.equal(distill.with.iterations, 100);
    assert.equal(distill.with.init, 'noise');
    assert.equal(report.cache, false);
    assert.equal(report.with.title, 'ipc 2, noise');
    assert.deepEqual(failure(text, { params: { start: 'nois' } }).issues.map(brief), [
      '5:3 the parameter "start" was given "nois": must be one of "real", "noise"; did you mean "noise"?',
    ]);
  });
});

describe('warnings', () => {
  it('name what is never used', () => {
    const text =
      changed('ipc: ${{ params.ipc }}', 'ipc: 1')
        .replace('needs: [experts]', 'needs: []')
        .replace('  report:\n    uses: report\n', '') +
      '  spare: { uses: train-experts, with: { count: 1 } }\n';
    assert.deepEqual(compile(text, { name: 'x.yaml' }).warnings, [
      'x.yaml:3:3: the parameter "ipc" is never used',
      'x.yaml:29:3: nothing uses what the stage "spare" produces',
    ]);
  });

  it('ask whether a well-known data set was meant', () => {
    const of = (source: string): readonly string[] =>
      compile(example.replace('fashion-mnist', source), { name: 'x.yaml' }).warnings;
    assert.deepEqual(
      of('fashion-mnst').map((line) => line.replace(/^x\.yaml:\d+:\d+: /, '')),
      ['"fashion-mnst" must be the name of a data set in the store; did you mean "fashion-mnist"?'],
    );
    assert.deepEqual([of('my-flowers'), of('fashion-mnist')], [[], []]);
  });
});
