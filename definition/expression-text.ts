/**
 * @file An expression as text, as short as its meaning permits: how a plan keeps what is left of one.
 */
import { type Expression, precedence } from './expression-parser.js';
import type { Literal } from './expression-tokens.js';

/** Binds closer than every operator between two values. */
const unary = 7;

/** Parsing the text gives the same expression again. */
export function expressionText(expression: Expression): string {
  switch (expression.kind) {
    case 'literal':
      return literalText(expression.value);
    case 'reference':
      return expression.names.join('.');
    case 'call':
      return `${expression.name}(${expression.operands.map(expressionText).join(', ')})`;
    case 'operation': {
      const { operator, operands } = expression;
      if (operator === '!' || operator === 'negate')
        return (operator === '!' ? '!' : '-') + operands.map((operand) => bound(operand, unary)).join('');
      const level = precedence[operator];
      // Operators of a level group from the left.
      return operands.map((operand, index) => bound(operand, level + index)).join(` ${operator} `);
    }
  }
}

function bound(expression: Expression, level: number): string {
  const text = expressionText(expression);
  if (expression.kind !== 'operation') return text;
  const { operator } = expression;
  const own = operator === '!' || operator === 'negate' ? unary : precedence[operator];
  return own < level ? `(${text})` : text;
}

function literalText(value: Literal): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
}
