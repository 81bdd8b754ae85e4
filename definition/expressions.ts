/**
 * @file The meaning of `${{ … }}`. A string that is one expression takes its value with its type; in a
 * longer text the value is written in. No clock, no randomness, no I/O: the same in every replay.
 */
import {
  type Expression,
  ExpressionError,
  type Literal,
  type Operator,
  parseExpression,
} from './expression-parser.js';
import type { OutputRef } from './plan.js';

export { ExpressionError } from './expression-parser.js';

/** What `${{ stages.ID.OUTPUT }}` stands for until the graph is checked. */
export class StageReference implements OutputRef {
  constructor(
    readonly stage: string,
    readonly output: string,
  ) {}
}

export type Value = Literal | StageReference;

/** Gives names their values. */
export interface Scope {
  /** @throws ExpressionError for names it does not know */
  lookup(names: readonly string[], at: number): Value;
}

/** Whether a text holds an expression at all. */
export function hasExpression(text: string): boolean {
  return text.includes('${{');
}

/**
 * Evaluates the expressions in a text.
 *
 * @throws ExpressionError with the offset of the mistake in the text
 */
export function evaluateText(text: string, scope: Scope): Value {
  let result = '';
  let from = 0;
  for (let start = text.indexOf('${{'); start >= 0; start = text.indexOf('${{', from)) {
    const { expression, end } = parseExpression(text, start + 3);
    const value = evaluate(expression, scope);
    if (text.slice(0, start).trim() === '' && text.slice(end).trim() === '') return value;
    if (value instanceof StageReference)
      throw new ExpressionError("a stage's output cannot be part of a longer text", expression.at);
    result += text.slice(from, start) + String(value);
    from = end;
  }
  return result + text.slice(from);
}

function evaluate(expression: Expression, scope: Scope): Value {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'reference':
      return scope.lookup(expression.names, expression.at);
    case 'negate':
      return -number(expression.operand, scope, '-');
    case 'binary': {
      const { left, operator, right, at } = expression;
      const result = arithmetic(operator, number(left, scope, operator), number(right, scope, operator));
      if (!Number.isFinite(result)) throw new ExpressionError(`"${operator}" has no finite result here`, at);
      return result;
    }
  }
}

function number(operand: Expression, scope: Scope, operator: string): number {
  const value = evaluate(operand, scope);
  if (typeof value === 'number') return value;
  const found = value instanceof StageReference ? "a stage's output" : JSON.stringify(value);
  throw new ExpressionError(`"${operator}" calculates with numbers, not with ${found}`, operand.at);
}

function arithmetic(operator: Operator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '%':
      return left % right;
  }
}
