/**
 * @file The expression language by itself.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseExpression } from '../../definition/expression-parser.js';
import { expressionText } from '../../definition/expression-text.js';
import {
  evaluate as evaluateOpen,
  evaluateText,
  ExpressionError,
  Later,
  OpenExpression,
  type Scope,
  StageReference,
} from '../../definition/expressions.js';

const values: Record<string, string | number | boolean> = {
  'params.n': 6,
  'params.word': 'w',
  'params.on': true,
};
const scope: Scope = {
  lookup(names, at) {
    if (names.at(-1) === 'accuracy') return new Later(['number']);
    if (names[0] === 'matrix') return undefined;
    if (names[0] === 'stages') return new StageReference(names[1] ?? '', names[2] ?? '');
    const value = values[names.join('.')];
    if (value === undefined) throw new ExpressionError(`unknown ${names.join('.')}`, at);
    return value;
  },
};
const evaluate = (text: string) => evaluateText(text, scope);

describe('expressions', () => {
  it('calculate with the usual precedence', () => {
    const cases: [string, number][] = [
      ['1 + 2 * 3', 7],
      ['(1 + 2) * 3', 9],
      ['10 - 3 - 2', 5],
      ['2 * -3', -6],
      ['--4', 4],
      ['7 % 4 / 2', 1.5],
      ['params.n / 4', 1.5],
      ['1e-5 * 2', 2e-5],
      ['.5 + 1.', 1.5],
    ];
    for (const [text, value] of cases) assert.equal(evaluate(`\${{ ${text} }}`), value, text);
  });

  it('keep the type of a whole text and write values into a longer one', () => {
    assert.equal(evaluate('${{ params.on }}'), true);
    assert.equal(evaluate('  ${{params.n}}  '), 6);
    assert.equal(evaluate('a ${{ params.n }}${{ params.word }} ${{ params.on }}'), 'a 6w true');
    assert.equal(evaluate("${{ 'it''s }} here' }}"), "it's }} here");
    assert.equal(evaluate('no expression }}'), 'no expression }}');
    assert.equal(evaluate("${{ '${{' }} stays"), '${{ stays');
    assert.equal(evaluate('${{ false }}'), false);
  });

  it('name outputs of stages with hyphens in their ids', () => {
    const value = evaluate('${{ stages.my-experts-2.trajectories }}');
    assert.ok(value instanceof StageReference);
    assert.deepEqual([value.stage, value.output], ['my-experts-2', 'trajectories']);
  });

  it('compare, decide and call functions', () => {
    const cases: [string, string | number | boolean][] = [
      ['1 < 2 && 2 <= 2 && !(3 > 4) && 4 >= 4', true],
      ['1 + 1 == 2', true],
      ["params.word == 'W'", false],
      ["params.word != 'W' && params.on == true", true],
      ['false && true || true', true],
      ['true || false && false', true],
      ['!params.on || params.n * 2 > 11', true],
      ['params.n == 0 || 1 / params.n < 1', true],
      ['min(3, params.n, 2)', 2],
      ['0 * -1', 0],
      ['max(3, params.n)', 6],
      ['floor(2.7) + ceil(2.1) * 10 + round(2.5) * 100', 332],
      ['abs(-3) + sqrt(16)', 7],
      ['pow(2, 10) + pow(2, -1)', 1024.5],
      ["join('-', params.word, params.n, params.on)", 'w-6-true'],
      ["contains('cifar10', 'far') && startsWith('cifar10', 'ci') && endsWith('cifar10', '10')", true],
      ['string(1.50)', '1.5'],
      ["number(' 2.5e1 ') + number(1)", 26],
      ["if(params.n > 5, 'many', 'few')", 'many'],
      ['if(params.n > 5, 1, 1 / 0)', 1],
      ['default(matrix.width, params.n)', 6],
      ['default(params.n, matrix.width)', 6],
      ['if(true, default(matrix.a, matrix.b, 3), 4)', 3],
    ];
    for (const [text, value] of cases) assert.equal(evaluate(`\${{ ${text} }}`), value, text);
    const chosen = evaluate('${{ if(params.n > 5, stages.a.result, stages.b.result) }}');
    assert.ok(chosen instanceof StageReference && chosen.stage === 'a');
  });

  it('stay open where a value is only there when the pipeline runs', () => {
    const cases: [string, string, string, unknown][] = [
      ['stages.a.accuracy < 0.1 * params.n', 'stages.a.accuracy < 0.6000000000000001', 'boolean', true],
      ['params.on && stages.a.accuracy > 0.5', 'stages.a.accuracy > 0.5', 'boolean', false],
      ['stages.a.accuracy > 0.5 || !params.on', 'stages.a.accuracy > 0.5 || false', 'boolean', false],
      ['2 * (1 + stages.a.accuracy) / 2', '2 * (1 + stages.a.accuracy) / 2', 'number', 1.25],
      ['1 - (2 - stages.a.accuracy)', '1 - (2 - stages.a.accuracy)', 'number', -0.75],
      ['-(-stages.a.accuracy - -1)', '-(-stages.a.accuracy - -1)', 'number', -0.75],
      [
        "join('''', stages.a.accuracy, params.word)",
        "join('''', stages.a.accuracy, 'w')",
        'string',
        "0.25'w",
      ],
      ['default(matrix.x, stages.a.accuracy, 1, 2)', 'default(stages.a.accuracy, 1)', 'number', 0.25],
      ['default(matrix.x, stages.a.accuracy)', 'stages.a.accuracy', 'number', 0.25],
      [
        "if(stages.a.accuracy < 0.5, params.word, 'x')",
        "if(stages.a.accuracy < 0.5, 'w', 'x')",
        'string',
        'w',
      ],
    ];
    const later: Scope = { lookup: () => 0.25 };
    for (const [text, rest, kind, value] of cases) {
      const open = evaluate(`\${{ ${text} }}`);
      assert.ok(open instanceof OpenExpression, text);
      assert.deepEqual([open.text, open.kinds], [rest, [kind]]);
      assert.deepEqual(open.references, [['stages', 'a', 'accuracy']]);
      assert.equal(evaluateOpen(open.text, later), value, text);
      const { expression } = parseExpression(`\${{${open.text}}}`, 3);
      assert.equal(expressionText(expression), open.text);
    }
    assert.equal(evaluate('${{ false && stages.a.accuracy > 0.5 }}'), false);
    assert.equal(evaluate('${{ if(params.on, 1, stages.a.accuracy) }}'), 1);
    assert.throws(() => evaluateOpen('stages.a.accuracy < 1', { lookup: () => undefined }), {
      message: 'stages.a.accuracy has no value here; default(stages.a.accuracy, …) can give it one',
    });
    assert.throws(() => evaluateOpen('1 / stages.a.accuracy', { lookup: () => 0 }), {
      message: '"/" has no finite result here',
    });
    assert.throws(() => evaluateOpen('-stages.a.accuracy', { lookup: () => 'x' }), {
      message: '"-" calculates with numbers, not with "x"',
    });
  });

  it('point at what is wrong', () => {
    const cases: [string, string | RegExp, number][] = [
      ['${{ 1 + * }}', 'unexpected "*"; expected a value', 8],
      ['${{ (1 }}', 'unexpected "}}"; expected ")"', 7],
      ['${{ 1 2 }}', 'unexpected "2"; expected "}}"', 6],
      ['${{ params. }}', 'unexpected "}}"; expected a name after "."', 12],
      ["${{ 'open }}", 'unexpected "\'"', 4],
      ['x ${{ 1', '"${{" is not closed by "}}"', 2],
      ['${{ -params.word }}', '"-" calculates with numbers, not with "w"', 5],
      ['${{ stages.a.b * 2 }}', `"*" calculates with numbers, not with a stage's output`, 4],
      ['${{ 1 % 0 }}', '"%" has no finite result here', 6],
      [
        '${{ average(1) }}',
        'there is no function "average"; there are: min, max, floor, ceil, round, abs, sqrt, pow, join, contains, startsWith, endsWith, string, number, if, default',
        4,
      ],
      ['${{ flor(1) }}', 'there is no function "flor"; did you mean "floor"?', 4],
      ['${{ constructor(1) }}', /^there is no function "constructor"/, 4],
      ['${{ floor(1, 2) }}', 'expected 1 value, found 2; write floor(a)', 4],
      ['${{ min() }}', 'expected at least 1 value, found 0; write min(a, b, …)', 4],
      ['${{ if(true, 1) }}', 'expected 3 values, found 2; write if(condition, value, otherwise)', 4],
      ['${{ min(1, params.word) }}', '"min" takes numbers, not "w"', 11],
      ['${{ min(1 }}', 'unexpected "}}"; expected "," or ")"', 10],
      ['${{ min(1,) }}', 'unexpected ")"; expected a value', 10],
      ['${{ 1 < params.word }}', '"<" compares numbers, not "w"', 8],
      ['${{ 1 < 2 < 3 }}', '"<" compares numbers, not true or false', 6],
      ['${{ params.n == params.word }}', 'a number is never equal to a text', 13],
      ['${{ params.n = 6 }}', 'unexpected "="; to compare, write "=="', 13],
      ['${{ params.on and true }}', 'unexpected "and"; expected "}}"; write "&&"', 14],
      ['${{ params.on & true }}', 'unexpected "&"; write "&&"', 14],
      ['${{ params.on && params.n }}', '"&&" joins true and false, not 6', 17],
      ['${{ false && params.n }}', '"&&" joins true and false, not 6', 13],
      ['${{ !params.n }}', '"!" turns true and false around, not 6', 5],
      ['${{ if(params.on, 1, 2 * params.word) }}', '"*" calculates with numbers, not with "w"', 25],
      ['${{ if(params.on, params.word, 1) * 2 }}', '"*" calculates with numbers, not with "w"', 4],
      ['${{ sqrt(-1) }}', '"sqrt" has no finite result here', 4],
      ['${{ pow(2, 0.5) }}', 'the exponent of pow is a whole number of at most 1024, not 0.5', 4],
      ['${{ number(params.word) }}', '"w" is not a number', 4],
      [
        '${{ matrix.width * 2 }}',
        'matrix.width has no value here; default(matrix.width, …) can give it one',
        4,
      ],
      ['${{ matrix.width }}', 'matrix.width has no value here', 4],
      ['${{ 1e999 }}', 'the number 1e999 is too large', 4],
      ['at ${{ stages.a.accuracy }}', 'this is only known when the pipeline runs', 7],
      [`\${{ join('', ${'params.word, '.repeat(60)}'') }}`, 'the expression is too long', 3],
      [`\${{ ${'1 + '.repeat(101)}1 }}`, 'the expression is too long', 3],
      [`\${{ ${'('.repeat(300)} }}`, 'the expression is too long', 3],
    ];
    for (const [text, message, at] of cases)
      assert.throws(
        () => evaluate(text),
        (error) => {
          assert.ok(error instanceof ExpressionError);
          if (typeof message === 'string') assert.equal(error.message, message, text.slice(0, 40));
          else assert.match(error.message, message);
          assert.equal(error.at, at, text);
          return true;
        },
      );
  });
});
