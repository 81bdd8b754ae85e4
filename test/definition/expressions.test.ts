/**
 * @file The expression language by itself.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { evaluateText, ExpressionError, type Scope, StageReference } from '../../definition/expressions.js';

const values: Record<string, string | number | boolean> = {
  'params.n': 6,
  'params.word': 'w',
  'params.on': true,
};
const scope: Scope = {
  lookup(names, at) {
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

  it('point at what is wrong', () => {
    const cases: [string, string, number][] = [
      ['${{ 1 + * }}', 'unexpected "*"; expected a value', 8],
      ['${{ (1 }}', 'unexpected "}}"; expected ")"', 7],
      ['${{ 1 2 }}', 'unexpected "2"; expected "}}"', 6],
      ['${{ params. }}', 'unexpected "}}"; expected a name after "."', 12],
      ["${{ 'open }}", 'unexpected "\'"', 4],
      ['x ${{ 1', '"${{" is not closed by "}}"', 2],
      ['${{ -params.word }}', '"-" calculates with numbers, not with "w"', 5],
      ['${{ stages.a.b * 2 }}', `"*" calculates with numbers, not with a stage's output`, 4],
      ['${{ 1 % 0 }}', '"%" has no finite result here', 6],
      ['${{ f(1) }}', 'unexpected "("; expected "}}"', 5],
      [`\${{ ${'1 + '.repeat(101)}1 }}`, 'the expression is too long', 3],
      [`\${{ ${'('.repeat(300)} }}`, 'the expression is too long', 3],
    ];
    for (const [text, message, at] of cases)
      assert.throws(
        () => evaluate(text),
        (error) => {
          assert.ok(error instanceof ExpressionError);
          assert.deepEqual([error.message, error.at], [message, at], text.slice(0, 40));
          return true;
        },
      );
  });
});
