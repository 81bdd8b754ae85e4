/**
 * @file Calculates expressions, as far as their names have values: what depends on a value that is only
 * there when the pipeline runs stays an expression. No clock, no randomness, no I/O.
 */
import {
  isDefault,
  nameOf,
  operandKinds,
  operationOf,
  withoutValue,
  wrongOperand,
} from './expression-kinds.js';
import type { Application } from './expression-kinds.js';
import { longestText, NoResult } from './expression-operations.js';
import type { Expression } from './expression-parser.js';
import { ExpressionError, type Literal } from './expression-tokens.js';
import { kindOf, Later, type Scope, shownValue, StageReference, type Value } from './expression-values.js';

/** Either the value (undefined: a name without one), or the expression that is left of it. */
export type Reduced = { readonly value: Value | undefined } | { readonly rest: Expression };

/** @throws ExpressionError */
export function reduce(expression: Expression, scope: Scope): Reduced {
  switch (expression.kind) {
    case 'literal':
      return { value: expression.value };
    case 'reference': {
      const value = scope.lookup(expression.names, expression.at);
      return value instanceof Later ? { rest: expression } : { value };
    }
    case 'operation':
    case 'call':
      return isDefault(expression) ? firstValue(expression, scope) : application(expression, scope);
  }
}

function application(node: Application, scope: Scope): Reduced {
  const name = nameOf(node);
  if (name === '&&' || name === '||') return junction(node, name === '||', scope);
  if (name === 'if') return choice(node, scope);
  const operands = node.operands.map((operand, index) => reduceOperand(node, operand, index, scope));
  const values = operands.map((operand) => ('value' in operand ? operand.value : undefined));
  if (operands.some((operand) => 'rest' in operand)) return { rest: withOperands(node, operands) };
  return { value: applied(node, values as Literal[]) };
}

function applied(node: Application, values: readonly Literal[]): Literal {
  const { apply } = operationOf(node);
  try {
    const result = apply?.(values);
    if (typeof result === 'number' && !Number.isFinite(result))
      throw new NoResult(`"${nameOf(node)}" has no finite result here`);
    if (typeof result === 'string' && result.length > longestText)
      throw new NoResult(`the text is longer than ${longestText} characters`);
    // A negative zero, which JSON has not, is a zero.
    if (result !== undefined) return result === 0 ? 0 : result;
  } catch (error) {
    if (error instanceof NoResult) throw new ExpressionError(error.message, node.at);
    throw error;
  }
  throw new ExpressionError(`"${nameOf(node)}" cannot be calculated`, node.at);
}

/** `&&` and `||`: what the left side decides, the right is not asked for. */
function junction(node: Application, decisive: boolean, scope: Scope): Reduced {
  const [first, second] = node.operands;
  if (first === undefined || second === undefined) return { value: undefined };
  const left = reduceOperand(node, first, 0, scope);
  if ('value' in left) return left.value === decisive ? left : reduceOperand(node, second, 1, scope);
  return { rest: withOperands(node, [left, reduceOperand(node, second, 1, scope)]) };
}

function choice(node: Application, scope: Scope): Reduced {
  const [condition, value, otherwise] = node.operands;
  if (condition === undefined || value === undefined || otherwise === undefined) return { value: undefined };
  const decided = reduceOperand(node, condition, 0, scope);
  if ('value' in decided)
    return decided.value === true
      ? reduceOperand(node, value, 1, scope)
      : reduceOperand(node, otherwise, 2, scope);
  return {
    rest: withOperands(node, [
      decided,
      reduceOperand(node, value, 1, scope),
      reduceOperand(node, otherwise, 2, scope),
    ]),
  };
}

/** `default`: the first operand that has a value. */
function firstValue(node: Application, scope: Scope): Reduced {
  const open: Reduced[] = [];
  for (const operand of node.operands) {
    const reduced = reduce(operand, scope);
    if ('value' in reduced && reduced.value === undefined) continue;
    open.push(reduced);
    if ('value' in reduced) break;
  }
  const [first, ...others] = open;
  if (first === undefined) return { value: undefined };
  return others.length === 0 || 'value' in first ? first : { rest: withOperands(node, open) };
}

/** An operand that has a value of a kind that the operation takes, or is still to be calculated. */
function reduceOperand(node: Application, operand: Expression, index: number, scope: Scope): Reduced {
  const reduced = reduce(operand, scope);
  if ('rest' in reduced) return reduced;
  const { value } = reduced;
  if (value === undefined) throw withoutValue(operand);
  if (!operandKinds(operationOf(node), index).includes(kindOf(value)))
    throw wrongOperand(node, operand, shownValue(value));
  return reduced;
}

function withOperands(node: Application, operands: readonly Reduced[]): Expression {
  return {
    ...node,
    operands: operands.map((reduced, index) => {
      if ('rest' in reduced) return reduced.rest;
      const { value } = reduced;
      const at = node.operands[index]?.at ?? node.at;
      if (value === undefined || value instanceof StageReference)
        throw new ExpressionError("a stage's artifact cannot be combined with a value of a later moment", at);
      return { kind: 'literal', value, at };
    }),
  };
}
