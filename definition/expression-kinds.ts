/**
 * @file The kinds of expressions, found without calculating: names, functions and operands that cannot be
 * right are reported also where the value at hand would never reach them.
 */
import { functions, type Kind, type Operation, operators } from './expression-operations.js';
import type { Expression } from './expression-parser.js';
import { ExpressionError } from './expression-tokens.js';
import { inWords, kindOf, Later, type Scope, shownValue } from './expression-values.js';
import { didYouMean } from './suggest.js';

export type Application = Extract<Expression, { operands: unknown }>;

/**
 * The kinds that the value may have; none for a name without a value.
 *
 * @throws ExpressionError
 */
export function kindsOf(expression: Expression, scope: Scope): ReadonlySet<Kind> {
  switch (expression.kind) {
    case 'literal':
      return new Set([kindOf(expression.value)]);
    case 'reference': {
      const value = scope.lookup(expression.names, expression.at);
      return new Set(value === undefined ? [] : value instanceof Later ? value.kinds : [kindOf(value)]);
    }
    case 'operation':
    case 'call':
      return kindsOfApplication(expression, scope);
  }
}

function kindsOfApplication(application: Application, scope: Scope): ReadonlySet<Kind> {
  const operation = operationOf(application);
  checkNumberOfOperands(application, operation);
  const { operands } = application;
  const kinds = operands.map((operand) => kindsOf(operand, scope));
  for (const [index, operand] of operands.entries()) {
    const own = kinds[index] ?? new Set();
    if (own.size === 0 && isDefault(application)) continue;
    if (own.size === 0) throw withoutValue(operand);
    const allowed = operandKinds(operation, index);
    if (!allowed.some((kind) => own.has(kind)))
      throw wrongOperand(application, operand, shownOperand(operand, own, scope));
  }
  if (isEquality(application)) checkComparable(application, kinds);
  if (operation.gives !== 'operand') return new Set([operation.gives]);
  return new Set(kinds.slice(isDefault(application) ? 0 : 1).flatMap((own) => [...own]));
}

/** What an operator or function does. Throws an ExpressionError where there is no such function. */
export function operationOf(application: Application): Operation {
  if (application.kind === 'operation') return operators[application.operator];
  const { name, at } = application;
  const known = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (known !== undefined) return known;
  const names = Object.keys(functions);
  const hint = didYouMean(name, names) || `; there are: ${names.join(', ')}`;
  throw new ExpressionError(`there is no function "${name.slice(0, 60)}"${hint}`, at);
}

export function operandKinds({ takes }: Operation, index: number): readonly Kind[] {
  return takes[Math.min(index, takes.length - 1)] ?? [];
}

/** The sign or name in messages. */
export function nameOf(application: Application): string {
  if (application.kind === 'call') return application.name;
  return application.operator === 'negate' ? '-' : application.operator;
}

export function isDefault(application: Application): boolean {
  return application.kind === 'call' && application.name === 'default';
}

export function wrongOperand(application: Application, operand: Expression, found: string): ExpressionError {
  const { expects } = operationOf(application);
  return new ExpressionError(`"${nameOf(application)}" ${expects} ${found}`, operand.at);
}

export function withoutValue(operand: Expression): ExpressionError {
  const name = operand.kind === 'reference' ? operand.names.join('.') : 'this';
  return new ExpressionError(`${name} has no value here; default(${name}, …) can give it one`, operand.at);
}

function checkNumberOfOperands({ operands, at }: Application, { fewest, most, usage }: Operation): void {
  if (operands.length >= fewest && operands.length <= most) return;
  const bound = fewest === most ? '' : operands.length < fewest ? 'at least ' : 'at most ';
  const expected = operands.length < fewest ? fewest : most;
  const values = expected === 1 ? 'value' : 'values';
  throw new ExpressionError(
    `expected ${bound}${expected} ${values}, found ${operands.length}; write ${usage}`,
    at,
  );
}

function isEquality(application: Application): boolean {
  return application.kind === 'operation' && (application.operator === '==' || application.operator === '!=');
}

/** A comparison of different kinds can only be a mistake. */
function checkComparable({ at }: Application, [left, right]: readonly ReadonlySet<Kind>[]): void {
  if (left === undefined || right === undefined || [...left].some((kind) => right.has(kind))) return;
  throw new ExpressionError(`${inWords(left)} is never equal to ${inWords(right)}`, at);
}

function shownOperand(operand: Expression, kinds: Iterable<Kind>, scope: Scope): string {
  if (operand.kind === 'literal') return shownValue(operand.value);
  const value = operand.kind === 'reference' ? scope.lookup(operand.names, operand.at) : undefined;
  return value === undefined ? inWords(kinds) : shownValue(value);
}
