/**
 * @file Stages with a matrix: which cells there are, what each is, and what needs which.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compile, type Plan, type PlannedStage } from '../../definition/index.js';
import { packPlan, unpackPlan } from '../../definition/packed-plan.js';
import { brief, changed, failure } from './examples.js';

const axes = '{ ipc: [1, 10], N: [5, 6] }';

/** The example with a matrix on its distillation, and the same cells evaluated. */
function sweep(matrix = axes, evaluated = 'matrix: distill', from = ''): string {
  return changed('    uses: distill\n', `    uses: distill\n    matrix: ${matrix}\n`)
    .replace('ipc: ${{ params.ipc }}', 'ipc: ${{ matrix.ipc }}')
    .replace('synSteps: 5', 'synSteps: ${{ matrix.N }}')
    .replace('    uses: evaluate\n', `    uses: evaluate\n    ${evaluated}\n`)
    .replace('type: integer, default: 1, minimum: 1, maximum: 50 }', `type: integer, default: 50 }${from}`);
}

function planOf(text: string, params = {}): Plan {
  return compile(text, { params }).plan;
}

function ids({ stages }: Plan, of: string): string[] {
  return stages.flatMap(({ id, matrix }) => (matrix?.of === of ? [id] : []));
}

function issues(text: string): string[] {
  return failure(text).issues.map(brief);
}

describe('the cells of a matrix', () => {
  it('are stages, the last axis running fastest', () => {
    const plan = planOf(sweep());
    assert.deepEqual(ids(plan, 'distill'), [
      'distill[ipc=1,N=5]',
      'distill[ipc=1,N=6]',
      'distill[ipc=10,N=5]',
      'distill[ipc=10,N=6]',
    ]);
    const cell = plan.stages.find(({ id }) => id === 'distill[ipc=10,N=6]');
    assert.ok(cell?.uses === 'distill' && cell.with.method.name === 'mtt');
    assert.deepEqual(cell.matrix, { of: 'distill', cell: { ipc: 10, N: 6 } });
    assert.equal(cell.with.ipc, 10);
    assert.equal(cell.with.method.synSteps, 6);
  });

  it('do the work that a stage with the same configuration does', () => {
    const cell = planOf(sweep('{ ipc: [10], N: [5] }')).stages.find(({ uses }) => uses === 'distill');
    const plain = planOf(changed('${{ params.ipc }}', '10')).stages.find(({ uses }) => uses === 'distill');
    assert.ok(cell !== undefined && plain !== undefined);
    const work = (stage: PlannedStage) =>
      Object.fromEntries(Object.entries(stage).filter(([key]) => key !== 'id' && key !== 'matrix'));
    assert.deepEqual(work(cell), work(plain));
  });

  it('are those of the axes without the excluded and with the included', () => {
    const plan = planOf(
      sweep(
        '{ ipc: [1, "${{ params.ipc }}"], N: [5, 6], exclude: [{ ipc: 1, N: 5 }, { N: 6 }], include: [{ N: 7, ipc: 3 }] }',
      ),
    );
    assert.deepEqual(ids(plan, 'distill'), ['distill[ipc=50,N=5]', 'distill[ipc=3,N=7]']);
    assert.deepEqual(ids(plan, 'evaluate'), ['evaluate[ipc=50,N=5]', 'evaluate[ipc=3,N=7]']);
  });

  it('may be listed alone', () => {
    const plan = planOf(sweep('{ include: [{ ipc: 1, N: 5 }, { N: 7, ipc: 3 }] }'));
    assert.deepEqual(ids(plan, 'distill'), ['distill[ipc=1,N=5]', 'distill[ipc=3,N=7]']);
  });

  it('have texts in their ids that suit a workflow id', () => {
    const plan = planOf(
      changed(
        '    uses: train-experts\n',
        "    uses: train-experts\n    matrix: { a: ['x/y z', true, 1e-7, 1.5] }\n",
      )
        .replace(
          'trajectories: ${{ stages.experts.trajectories }}',
          'trajectories: ${{ stages.experts.trajectories }}',
        )
        .replace('    uses: distill\n', '    uses: distill\n    matrix: experts\n')
        .replace('    uses: evaluate\n', '    uses: evaluate\n    matrix: experts\n'),
    );
    assert.deepEqual(ids(plan, 'experts'), [
      'experts[a=x-y-z]',
      'experts[a=true]',
      'experts[a=1e-7]',
      'experts[a=1.5]',
    ]);
    assert.equal(plan.stages[0]?.matrix?.cell['a'], 'x/y z');
  });

  it('warn of what excludes nothing', () => {
    const { warnings } = compile(sweep('{ ipc: [1], N: [5], exclude: [{ ipc: 7 }] }'));
    assert.ok(
      warnings.some((warning) => warning.includes('no cell has ipc 7')),
      warnings.join(),
    );
  });
});

describe('what a cell needs', () => {
  it('is the cell of its own values on the axes that both have', () => {
    const plan = planOf(sweep());
    const evaluate = plan.stages.find(({ id }) => id === 'evaluate[ipc=10,N=5]');
    assert.ok(evaluate?.uses === 'evaluate');
    assert.deepEqual(evaluate.needs, ['experts', 'distill[ipc=10,N=5]']);
    assert.deepEqual(evaluate.with.dataset, { stage: 'distill[ipc=10,N=5]', output: 'result' });
    const wider = planOf(sweep('{ ipc: [1, 10], N: [5] }', 'matrix: { ipc: [1, 10], run: [1, 2] }'));
    const cell = wider.stages.find(({ id }) => id === 'evaluate[ipc=10,run=2]');
    assert.ok(cell?.uses === 'evaluate');
    assert.equal(cell.with.dataset.stage, 'distill[ipc=10,N=5]');
  });

  it('is every cell where there are no common axes', () => {
    const plan = planOf(sweep());
    const report = plan.stages.at(-1);
    assert.equal(report?.id, 'report');
    assert.deepEqual(
      report.needs,
      plan.stages.slice(0, -1).map(({ id }) => id),
    );
  });

  it('must be one cell where an output is wanted', () => {
    assert.deepEqual(issues(sweep(axes, 'matrix: { ipc: [1, 10] }')), [
      '30:16 this could be 2 cells of "distill": distill[ipc=1,N=5], distill[ipc=1,N=6]; one is wanted here: give "evaluate" all axes of "distill" ("matrix: distill"), so that each cell takes that of its own values (in evaluate[ipc=1] and 1 other)',
    ]);
    assert.match(
      issues(sweep(axes, 'maxParallel: 2'))[0] ?? '',
      /^30:16 this could be 4 cells of "distill": .*, and 1 more; .*give "evaluate" the same matrix/,
    );
    assert.match(
      issues(sweep(axes, 'matrix: { ipc: [1, 10, 20], N: [5, 6] }'))[0] ?? '',
      /no cell of "distill" has the values of evaluate\[ipc=20,N=5\]/,
    );
  });
});

describe('mistakes in a matrix', () => {
  const cases: [name: string, matrix: string, message: RegExp][] = [
    ['a value twice', '{ ipc: [1, 1], N: [5] }', /^13:24 "1" is listed twice$/],
    ['an empty axis', '{ ipc: [], N: [5] }', /^13:20 must list at least 1/],
    ['no axis', '{ exclude: [{ ipc: 1 }] }', /there is no axis|has no axis/],
    ['a value that is no scalar', '{ ipc: [[1]], N: [5] }', /expected a text, a number, or true or false/],
    [
      'an unknown axis excluded',
      '{ ipc: [1], N: [5], exclude: [{ icp: 1 }] }',
      /there is no axis "icp"; did you mean "ipc"\?/,
    ],
    ['an included cell without a value', '{ ipc: [1], N: [5], include: [{ ipc: 2 }] }', /it lacks N/],
    [
      'an included cell that is there',
      '{ ipc: [1], N: [5], include: [{ ipc: 1, N: 5 }] }',
      /there already is a cell ipc 1, N 5/,
    ],
    ['everything excluded', '{ ipc: [1], N: [5], exclude: [{ ipc: 1 }] }', /every cell is excluded/],
    [
      'too many cells',
      `{ ipc: [${Array.from({ length: 100 }, (_, i) => i + 1).join()}], N: [${Array.from({ length: 100 }, (_, i) => i + 1).join()}] }`,
      /has 10000 cells; there can be 2000/,
    ],
    ['an unknown stage', 'expert', /there is no stage "expert"; no stage has one/],
    ['a stage without a matrix', 'experts', /stage "experts" has no matrix of its own/],
    [
      'cells with one id',
      "{ ipc: ['a/b', 'a b'], N: [5] }",
      /two cells would have the id "distill\[ipc=a-b,N=5\]"/,
    ],
    ['itself', '{ ipc: ["${{ matrix.N }}"], N: [5] }', /there is no matrix here/],
  ];
  for (const [name, matrix, message] of cases) {
    it(`are shown: ${name}`, () => {
      const [first] = issues(sweep(matrix));
      assert.match(first ?? '', message);
    });
  }

  it('are shown once, with the cells that have them', () => {
    assert.deepEqual(issues(sweep('{ ipc: [1, 10], N: [5, 0] }')), [
      '19:19 must be at least 1, found 0 (from ${{ matrix.N }}) (in distill[ipc=1,N=0] and 1 other)',
    ]);
    assert.deepEqual(issues(sweep('{ ipc: [1, 200, 300], N: [5] }')), [
      '16:12 more synthetic images (ipc 200 x 10 classes = 2000) than real ones to distil (1000) (in distill[ipc=200,N=5] and 1 other)',
    ]);
    assert.deepEqual(issues(sweep(axes).replace('iterations: 100', 'iteration: 100')), [
      '17:7 unknown key "iteration" in "with"; did you mean "iterations"?',
    ]);
  });

  it('are shown where an axis is not there', () => {
    assert.match(
      issues(sweep(axes).replace('matrix.ipc', 'matrix.icp'))[0] ?? '',
      /^16:16 unknown matrix value "icp"; did you mean "ipc"\?/,
    );
    assert.match(
      issues(changed('${{ params.ipc }}', '${{ matrix.ipc }}'))[0] ?? '',
      /there is no matrix here/,
    );
  });

  it('are shown where a cell is written as a stage', () => {
    assert.match(
      issues(changed('  distill:\n', "  'distill[ipc=1]':\n"))[0] ?? '',
      /the cells of a matrix get their ids by themselves/,
    );
  });
});

describe('tags of a stage', () => {
  it('are texts in the plan, and differ by cell', () => {
    const text = sweep(
      axes,
      "matrix: distill\n    tags: { team: vision, year: 2026, ipc: '${{ matrix.ipc }}' }",
    );
    const evaluations = planOf(text).stages.filter(({ matrix }) => matrix?.of === 'evaluate');
    for (const { tags, matrix } of evaluations)
      assert.deepEqual(tags, { team: 'vision', year: '2026', ipc: String(matrix?.cell['ipc']) });
    assert.ok(evaluations.length > 1);
  });
});

describe('a condition', () => {
  const planned = (when: string, evaluated = '') => {
    const text = sweep(axes, `matrix: distill${evaluated}`).replace(
      '  report:\n',
      `  again:\n    uses: select\n    matrix: distill\n    when: ${when}\n    with: { method: { name: random }, ipc: 1 }\n  report:\n`,
    );
    return planOf(text).stages.filter(({ matrix }) => matrix?.of === 'again');
  };

  it('that holds is none, and one that does not stays', () => {
    assert.deepEqual(
      planned('${{ matrix.ipc > params.ipc - 45 && true }}').map(({ when }) => when),
      [false, false, undefined, undefined],
    );
    assert.deepEqual(
      planned('true').map(({ when }) => when),
      [undefined, undefined, undefined, undefined],
    );
  });

  it('looks at the cell of its own values, and needs it', () => {
    const [, second] = planned(
      '${{ stages.evaluate.accuracy < 0.06 * matrix.N || stages.experts.accuracy > 0.9 }}',
    );
    assert.deepEqual(second?.when, {
      condition: second?.when === undefined || second.when === false ? '' : second.when.condition,
      stages: { evaluate: 'evaluate[ipc=1,N=6]', experts: 'experts' },
    });
    assert.match(JSON.stringify(second.when), /stages\.evaluate\.accuracy < 0\.36/);
    assert.deepEqual(second.needs, ['evaluate[ipc=1,N=6]', 'experts']);
  });

  it('is refused where it is none', () => {
    for (const [when, message] of [
      ['1', /expected a condition/],
      ['yes please', /expected a condition such as .* found the text "yes please"/],
      ['${{ stages.evaluate.accuracy + 1 }}', /a condition is true or false/],
      ['${{ stages.evaluate.scores }}', /is no number/],
      ['${{ stages.again.count > 1 }}', /unknown stage "again"|cannot|there is no/],
    ] as const) {
      assert.throws(() => planned(when), message);
    }
    const several = changed(
      '    uses: evaluate\n',
      '    uses: evaluate\n    when: ${{ stages.experts.accuracy > 0.5 }}\n',
    ).replace('    uses: train-experts\n', '    uses: train-experts\n    matrix: { run: [1, 2] }\n');
    assert.ok(issues(several).some((issue) => issue.includes('this could be 2 cells of "experts"')));
  });
});

describe('resources and priority', () => {
  it('are in the plan as they are asked', () => {
    const text = changed(
      '    uses: train-experts\n',
      '    uses: train-experts\n    resources: { taskQueue: big-gpu, memory: 1.5GiB, gpu: 1 }\n    priority: 1\n',
    );
    const [experts, distill] = planOf(text).stages;
    assert.deepEqual(experts?.resources, { taskQueue: 'big-gpu', memoryBytes: 1.5 * 2 ** 30, gpu: true });
    assert.equal(experts.priority, 1);
    assert.equal('resources' in (distill ?? {}), false);
    assert.equal('priority' in (distill ?? {}), false);
  });

  it('are refused with what is expected', () => {
    const refused = (line: string) =>
      issues(changed('    uses: train-experts\n', `    uses: train-experts\n    ${line}\n`)).join();
    assert.match(refused('resources: { memory: lots }'), /expected an amount of memory such as 8GiB/);
    assert.match(refused('resources: { gpu: 2 }'), /must be at most 1, found 2/);
    assert.match(refused('resources: { taskQueue: "a b" }'), /the name of a task queue/);
    assert.match(refused('priority: 0'), /must be at least 1, found 0/);
  });
});

describe('a matrix of a thousand cells', () => {
  const list = (length: number) => Array.from({ length }, (_, index) => index + 1).join(', ');
  const text = sweep(`{ ipc: [${list(40)}], N: [${list(25)}] }`);

  it('compiles within a second', () => {
    compile(text);
    const started = process.cpuUsage();
    const { plan } = compile(text);
    const { user } = process.cpuUsage(started);
    assert.equal(plan.stages.length, 2002);
    assert.ok(user < 1e6, `${user / 1e6} s of processor time`);
  });

  it('is a small message, and the same plan again', () => {
    const { plan } = compile(text);
    const packed = JSON.stringify(packPlan(plan));
    assert.ok(packed.length < 512 * 1024, `${packed.length} bytes`);
    assert.deepEqual(unpackPlan(JSON.parse(packed) as Plan), plan);
    const without = planOf(changed('seed: 7', 'seed: 8'));
    assert.equal(packPlan(without), without);
  });
});

describe('two hundred stages', () => {
  it('compile within a second', () => {
    const stages = Array.from(
      { length: 198 },
      (_, index) =>
        `  s${index}:\n    uses: train-experts\n    needs: [${index === 0 ? 'experts' : `s${index - 1}`}]\n    with: { count: 2, epochs: ${index + 1} }\n`,
    ).join('');
    const text = changed('  report:\n', `${stages}  report:\n`);
    compile(text);
    const started = process.cpuUsage();
    const { plan } = compile(text);
    const { user } = process.cpuUsage(started);
    assert.equal(plan.stages.length, 202);
    assert.ok(user < 1e6, `${user / 1e6} s of processor time`);
  });
});
