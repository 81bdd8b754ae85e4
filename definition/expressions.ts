/**
 * @file The meaning of a text with `${{ … }}`. A text that is one expression takes its value with its type;
 * in a longer text the value is written in. The same in every replay.
 */
import { reduce } from './expression-evaluation.js';
import { kindsOf } from './expression-kinds.js';
import { type Kind, longestText } from './expression-operations.js';
import { type Expression, parseExpression } from './expression-parser.js';
import { expressionText } from './expression-text.js';
import { ExpressionError } from './expression-tokens.js';
import { type Scope, StageReference, type Value } from './expression-values.js';

export type { Kind } from './expression-operations.js';
export { ExpressionError, type Literal } from './expression-tokens.js';
export { Later, type Scope, StageReference, type Value } from './expression-values.js';

/** What is left of an expression when all that is known has been calculated; `evaluate` does the rest. */
export class OpenExpression {
  constructor(
    /** Without `${{` and `}}`. */
    readonly text: string,
    /** Kinds that the value may have. */
    readonly kinds: readonly Kind[],
    /** The names whose values are missing. */
    readonly references: readonly (readonly string[])[],
  ) {}
}

/** Whether a text holds an expression at all. */
export function hasExpression(text: string): boolean {
  return text.includes('${{');
}

/**
 * Evaluates the expressions in a text, as far as the scope knows their names.
 *
 * @throws ExpressionError with the offset of the mistake in the text
 */
export function evaluateText(text: string, scope: Scope): Value | OpenExpression {
  let result = '';
  let from = 0;
  for (let start = text.indexOf('${{'); start >= 0; start = text.indexOf('${{', from)) {
    const { expression, end } = parseExpression(text, start + 3);
    const value = evaluateExpression(expression, scope);
    if (text.slice(0, start).trim() === '' && text.slice(end).trim() === '') return value;
    if (value instanceof StageReference)
      throw new ExpressionError("a stage's output cannot be part of a longer text", expression.at);
    if (value instanceof OpenExpression)
      throw new ExpressionError('this is only known when the pipeline runs', expression.at);
    result += text.slice(from, start) + String(value);
    if (result.length > longestText)
      throw new ExpressionError(`the text is longer than ${longestText} characters`, expression.at);
    from = end;
  }
  return result + text.slice(from);
}

/**
 * The value of what was left open, once all its names have values.
 *
 * @param text - of an `OpenExpression`
 * @throws ExpressionError where it has none: a name without a value, a division by zero
 */
export function evaluate(text: string, scope: Scope): Value {
  const { expression } = parseExpression(`\${{${text}}}`, 3);
  const reduced = reduce(expression, scope);
  if ('rest' in reduced) throw new ExpressionError('this is only known later', expression.at);
  if (reduced.value === undefined) throw new ExpressionError(`${text} has no value`, expression.at);
  return reduced.value;
}

function evaluateExpression(expression: Expression, scope: Scope): Value | OpenExpression {
  const kinds = kindsOf(expression, scope);
  const reduced = reduce(expression, scope);
  if ('rest' in reduced)
    return new OpenExpression(expressionText(reduced.rest), [...kinds], referencesOf(reduced.rest));
  if (reduced.value === undefined)
    throw new ExpressionError(`${expressionText(expression)} has no value here`, expression.at);
  return reduced.value;
}

function referencesOf(expression: Expression): (readonly string[])[] {
  if (expression.kind === 'literal') return [];
  return expression.kind === 'reference' ? [expression.names] : expression.operands.flatMap(referencesOf);
}
