/**
 * @file What names in expressions stand for, by the place where they are written.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as z from 'zod';
import { stageTypes, type StageSignature } from '../../definition/custom-stages.js';
import { DefinitionScope, type DefinitionNames } from '../../definition/definition-scope.js';
import { evaluateText, ExpressionError, OpenExpression } from '../../definition/expressions.js';
import { type BuiltinType, plainOutputs, stageOutputs } from '../../definition/outputs.js';
import type { Path } from '../../definition/issues.js';
import type { StageOutput } from '../../definition/stages.js';

const sharpen: StageSignature = {
  name: 'sharpen',
  version: 1,
  inputs: z.strictObject({}),
  outputs: { result: 'images', note: 'text', whole: 'boolean' },
};
const names: DefinitionNames = {
  parameters: { values: { ipc: 10 }, failed: new Set() },
  stages: {
    experts: { uses: 'train-experts' },
    evaluate: { uses: 'evaluate' },
    report: { uses: 'report' },
    odd: { uses: 'distil' },
    sharpen: { uses: 'custom/sharpen' },
  },
  types: stageTypes([sharpen]),
};
const conditionPath = ['stages', 'report', 'when'];

function evaluate(expression: string, path: Path, given = names) {
  return evaluateText(`\${{ ${expression} }}`, new DefinitionScope(given, path, () => undefined));
}

function problem(expression: string, path: Path, given = names): string {
  try {
    evaluate(expression, path, given);
  } catch (error) {
    assert.ok(error instanceof ExpressionError);
    return error.message;
  }
  assert.fail(`${expression} is not wrong`);
}

describe('names in a definition', () => {
  it('stand for numbers of other stages in conditions', () => {
    const open = evaluate('stages.evaluate.accuracy < 0.06 * params.ipc', conditionPath);
    assert.ok(open instanceof OpenExpression);
    assert.deepEqual(
      [open.text, open.kinds, open.references],
      ['stages.evaluate.accuracy < 0.6', ['boolean'], [['stages', 'evaluate', 'accuracy']]],
    );
    const cases: [string, string][] = [
      [
        'stages.evaluate.acuracy < 1',
        'unknown output of stage "evaluate" "acuracy"; did you mean "accuracy"?',
      ],
      ['stages.evaluate.zzz < 1', 'unknown output of stage "evaluate" "zzz"; there are: accuracy, std'],
      ['stages.evaluate.scores == 1', '"scores" of stage "evaluate" is no number; there are: accuracy, std'],
      ['stages.evalute.accuracy < 1', 'unknown stage "evalute"; did you mean "evaluate"?'],
      ['stages.report.report < 1', 'a stage cannot look at its own outcome, here that of "report"'],
      ["stages.evaluate.accuracy == 'x'", 'a number is never equal to a text'],
    ];
    for (const [expression, message] of cases) assert.equal(problem(expression, conditionPath), message);
    // The mistake is in the type of the stage, and reported there.
    assert.ok(evaluate('stages.odd.accuracy < 1', conditionPath) instanceof OpenExpression);
    // Of types that users add, whatever they declare.
    const own = evaluate("stages.sharpen.whole && stages.sharpen.note == 'x'", conditionPath);
    assert.ok(own instanceof OpenExpression);
    assert.equal(
      problem('stages.sharpen.result == 1', conditionPath),
      '"result" of stage "sharpen" is no number; there are: note, whole',
    );
  });

  it('stand for values of the matrix in a cell of it', () => {
    const path = ['stages', 'experts', 'with', 'count'];
    const cell = { ...names, matrix: { ipc: 5, width: undefined } };
    assert.equal(evaluate('matrix.ipc * params.ipc', path, cell), 50);
    assert.equal(evaluate('default(matrix.width, 64)', path, cell), 64);
    assert.equal(problem('matrix.ipd', path, cell), 'unknown matrix value "ipd"; did you mean "ipc"?');
    assert.equal(problem('matrix.width', path, cell), 'matrix.width has no value here');
    assert.match(problem('matrix.ipc', path), /^there is no matrix here/);
  });

  it('stand for artifacts only where one is taken', () => {
    assert.match(
      problem('stages.experts.trajectories', ['name']),
      /^the output of a stage can only stand in/,
    );
    assert.equal(
      problem('stages.experts.trajectories', ['stages', 'report', 'with', 'title']),
      '"trajectories" of stage "experts" is no number; there are: count, accuracy, std',
    );
  });

  it('stand for numbers of other stages in settings, but in no list of them', () => {
    const open = evaluate('round(stages.experts.count / 2)', ['stages', 'evaluate', 'with', 'runs']);
    assert.ok(open instanceof OpenExpression);
    assert.deepEqual([open.text, open.kinds], ['round(stages.experts.count / 2)', ['number']]);
    for (const path of [
      ['stages', 'evaluate', 'maxParallel'],
      ['stages', 'evaluate', 'with', 'baselines', 0],
    ])
      assert.match(problem('stages.experts.count', path), /can only stand in "when" and in the settings/);
  });
});

describe('numbers among the outputs of stages', () => {
  const reference = { key: 'k', sha256: 's', bytes: 1, mediaType: 'm' };
  const outputs: readonly StageOutput[] = [
    {
      type: 'train-experts',
      trajectories: reference,
      count: 2,
      accuracyByEpoch: [0.5],
      accuracy: 0.5,
      std: 0.1,
    },
    {
      type: 'distill',
      result: reference,
      metrics: reference,
      iteration: 20,
      iterations: 30,
      learnedRate: 0.02,
      candidates: [
        { iteration: 10, accuracy: 0.3, std: 0 },
        { iteration: 20, accuracy: 0.4, std: 0 },
      ],
    },
    { type: 'select', result: reference, method: 'random', count: 10 },
    {
      type: 'evaluate',
      scores: reference,
      rows: [
        { trainedOn: 'distilled', architecture: 'ConvNet', mean: 0.7, std: 0.01, accuracies: [0.7] },
        { trainedOn: 'distilled', architecture: 'MLP', mean: 0.1, std: 0.02, accuracies: [0.1] },
        { trainedOn: 'random', architecture: 'ConvNet', mean: 0.2, std: 0, accuracies: [0.2] },
      ],
    },
    { type: 'report', folder: 'results/', report: reference, files: [] },
  ];

  it('are there for each name that conditions may use', () => {
    assert.deepEqual(outputs.map(plainOutputs), [
      { count: 2, accuracy: 0.5, std: 0.1 },
      { accuracy: 0.4, iteration: 20, iterations: 30, learnedRate: 0.02 },
      { count: 10 },
      { accuracy: 0.7, std: 0.01 },
      {},
    ]);
    for (const output of outputs) {
      const named = Object.entries(stageOutputs[output.type as BuiltinType]).filter(
        ([, kind]) => kind === 'number',
      );
      assert.deepEqual(Object.keys(plainOutputs(output)).sort(), named.map(([name]) => name).sort());
    }
  });

  it('leave out what is not a number', () => {
    const evaluated = outputs[3];
    assert.ok(evaluated?.type === 'evaluate');
    assert.deepEqual(plainOutputs({ ...evaluated, rows: [] }), {});
  });
});
