/**
 * @file Settings that follow from numbers of other stages: what a plan says of them, and how they get their values.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compile, describePlan } from '../../definition/index.js';
import { packPlan, unpackPlan } from '../../definition/packed-plan.js';
import type { Plan, PlannedStage } from '../../definition/plan.js';
import { realImagesPerClass } from '../../definition/real-images.js';
import { shownSettings } from '../../definition/settings.js';
import { settleStage, type LateValues } from '../../definition/settle-stage.js';
import { failure, brief, changed } from './examples.js';

function planned(passage: string, written: string): Plan {
  return compile(changed(passage, written)).plan;
}

function stageOf(plan: Plan, id: string): PlannedStage {
  const stage = plan.stages.find((one) => one.id === id);
  assert.ok(stage);
  return stage;
}

/** The same definition with the value as a literal. */
function literal(passage: string, written: string, id: string): PlannedStage {
  return stageOf(planned(passage, written), id);
}

function problems(plan: Plan, id: string, values: LateValues): string {
  try {
    settleStage(plan, id, values);
  } catch (error) {
    assert.ok(error instanceof Error);
    return error.message;
  }
  assert.fail('it fits');
}

describe('late settings', () => {
  const late = planned('iterations: 100', 'iterations: ${{ round(100 * stages.experts.accuracy) }}');

  it('are in the plan as expressions, and the stage needs what they are made of', () => {
    const stage = stageOf(late, 'distill');
    assert.deepEqual(stage.needs, ['experts']);
    assert.deepEqual(stage.late?.settings, { iterations: 'round(100 * stages.experts.accuracy)' });
    assert.deepEqual(stage.late.stages, { experts: 'experts' });
    assert.deepEqual(stage.late.outputs, { trajectories: { stage: 'experts', output: 'trajectories' } });
    assert.equal(Object.hasOwn(stage.late.written, 'iterations'), false);
    assert.ok(stage.uses === 'distill');
    const { selection } = stage.with;
    assert.deepEqual(shownSettings(stage), {
      ...stage.with,
      iterations: '${{ round(100 * stages.experts.accuracy) }}',
      // How often there is a candidate follows from the iterations.
      selection: { runs: selection.runs, epochs: selection.epochs },
    });
  });

  it('make the stage what it is with the values written', () => {
    const values = { experts: { accuracy: 0.654 } };
    for (const [passage, written, id, value] of [
      [
        'iterations: 100',
        'iterations: ${{ round(100 * stages.experts.accuracy) }}',
        'distill',
        'iterations: 65',
      ],
      ['lrImg: 1000', 'lrImg: ${{ stages.experts.accuracy * 1000 }}', 'distill', 'lrImg: 654'],
      ['${{ params.ipc }}', '${{ 2 * ceil(stages.experts.accuracy) }}', 'distill', '2'],
      [
        '      dataset: ${{ stages.distill.result }}',
        "      dataset: ${{ stages.distill.result }}\n      lr: ${{ if(stages.experts.accuracy > 0.9, 'learned', 'x') }}",
        'evaluate',
        '',
      ],
      [
        '      dataset: ${{ stages.distill.result }}',
        '      dataset: ${{ stages.distill.result }}\n      baselines: [full]\n      full: { runs: "${{ ceil(stages.experts.accuracy * 3) }}" }',
        'evaluate',
        '      dataset: ${{ stages.distill.result }}\n      baselines: [full]\n      full: { runs: 2 }',
      ],
      [
        'uses: report',
        "uses: report\n    with: { title: \"${{ join(' ', 'at', string(stages.experts.accuracy)) }}\" }",
        'report',
        "uses: report\n    with: { title: 'at 0.654' }",
      ],
    ] as const) {
      const plan = planned(passage, written);
      if (value === '') {
        assert.match(problems(plan, id, values), /stages\.evaluate\.with\.lr: .*the text "x"/);
        continue;
      }
      assert.deepEqual(settleStage(plan, id, values), literal(passage, value, id));
      // Once known, they are settings like all others.
      const settled = { ...plan, stages: plan.stages.map((one) => settleStage(plan, one.id, values)) };
      assert.deepEqual(settled.stages, planned(passage, value).stages);
    }
  });

  it('must fit, like any setting, once they are known; the message names stage, setting and value', () => {
    for (const [accuracy, message] of [
      [0.004, 'example: stages.distill.with.iterations: must be at least 1, found 0'],
      [undefined, 'example: stages.distill.with.iterations: round(100 * stages.experts.accuracy): '],
    ] as const) {
      const found = problems(late, 'distill', { experts: accuracy === undefined ? {} : { accuracy } });
      assert.ok(found.startsWith(message), found);
    }
    assert.equal(
      problems(planned('iterations: 100', 'iterations: ${{ 100 * stages.experts.accuracy }}'), 'distill', {
        experts: { accuracy: 0.123 },
      }),
      'example: stages.distill.with.iterations: expected a whole number, found 12.3 (from ${{ 100 * stages.experts.accuracy }}) [wrong-type]',
    );
    // Checks of several settings at once, those of other stages among them.
    assert.match(
      problems(planned('maxStartEpoch: 4', 'maxStartEpoch: ${{ 10 * stages.experts.count }}'), 'distill', {
        experts: { count: 2 },
      }),
      /trained for 10 epochs only/,
    );
    const picks = `  picks:
    uses: select
    with: { method: { name: random }, ipc: 1 }
  experts:
    uses: train-experts
    with: { count: 2, epochs: '\${{ stages.picks.count }}' }
`;
    const experts = compile(
      changed('  experts:\n    uses: train-experts\n    with: { count: 2, epochs: 10 }\n', picks),
    ).plan;
    assert.deepEqual(stageOf(experts, 'experts').needs, ['picks']);
    assert.match(
      problems(experts, 'experts', { picks: { count: 4 } }),
      /stages\.distill\.with\.method\.maxStartEpoch/,
    );
    assert.deepEqual(stageOf(experts, 'distill').late, undefined);
    assert.equal(settleStage(experts, 'experts', { picks: { count: 10 } }).uses, 'train-experts');
  });

  it('are checked when the definition is compiled, as far as that can be', () => {
    for (const [passage, written, issue] of [
      [
        'synSteps: 5',
        "synSteps: 5\n        name: ${{ if(stages.experts.accuracy > 0.5, 'mtt', 'dm') }}",
        '19:15 "method.name" says which other settings there are; it cannot wait for another stage',
      ],
      [
        'iterations: 100',
        'selection: ${{ stages.experts.count }}',
        '16:18 "selection" takes no plain value, and this is a number',
      ],
      [
        'iterations: 100',
        'iteration: ${{ stages.experts.count }}',
        '16:7 unknown key "iteration" in "with"; did you mean "iterations"?',
      ],
      ['iterations: 100', "init: ${{ if(stages.experts.count > 3, 'noise', 'real') }}", ''],
      [
        '      trajectories: ${{ stages.experts.trajectories }}\n      ipc: ${{ params.ipc }}',
        '      ipc: ${{ stages.experts.count }}',
        '13:5 "trajectories" is missing',
      ],
    ] as const) {
      const { issues } = failure(changed(passage, written));
      if (issue !== '') assert.deepEqual(issues.map(brief), [issue]);
      else assert.equal(issues.length, 1);
    }
  });

  it('leave how much work a stage is open, but for learning rates', () => {
    const { stages, sgdSteps } = describePlan(late);
    const distill = stages.find(({ id }) => id === 'distill');
    assert.deepEqual(distill, {
      id: 'distill',
      uses: 'distill',
      needs: ['experts'],
      knownAfter: ['experts'],
      unitName: 'chunks',
    });
    const others = stages.filter(({ id }) => id !== 'distill');
    assert.equal(
      sgdSteps,
      others.reduce((sum, one) => sum + (one.sgdSteps ?? 0), 0),
    );
    const rate = planned('lrImg: 1000', 'lrImg: ${{ stages.experts.accuracy * 1000 }}');
    assert.deepEqual(describePlan(rate), describePlan(planned('lrImg: 1000', 'lrImg: 654')));
    const ipc = planned('${{ params.ipc }}', '${{ stages.experts.count }}');
    assert.deepEqual(
      describePlan(ipc).stages.map(({ id, knownAfter }) => [id, knownAfter]),
      [
        ['experts', undefined],
        ['distill', ['experts']],
        ['evaluate', ['experts']],
        ['report', undefined],
      ],
    );
    assert.equal(realImagesPerClass(ipc.stages), 0);
  });

  it('of the cells of a matrix look at the cell of the same values', () => {
    const { plan } = compile(`name: swept
dataset: { source: fashion-mnist, limit: 1000, holdout: 500 }
stages:
  picks: { uses: select, matrix: { ipc: [1, 2] }, with: { method: { name: random }, ipc: '\${{ matrix.ipc }}' } }
  more:
    uses: select
    matrix: picks
    with: { method: { name: random }, ipc: '\${{ stages.picks.count + matrix.ipc }}' }
`);
    const more = stageOf(plan, 'more[ipc=2]');
    assert.deepEqual(more.late?.stages, { picks: 'picks[ipc=2]' });
    assert.deepEqual(more.late.settings, { ipc: 'stages.picks.count + 2' });
    assert.deepEqual(unpackPlan(packPlan(plan)), plan);
    const settled = settleStage(plan, 'more[ipc=2]', { picks: { count: 20 } });
    assert.equal(settled.uses === 'select' && settled.with.ipc, 22);
    assert.match(problems(plan, 'more[ipc=2]', { picks: { count: 4000 } }), /ipc 4002 x 10 classes/);
  });
});
