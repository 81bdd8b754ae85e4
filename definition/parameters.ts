/**
 * @file Parameters: their declarations in the definition, the values given at the start, and the result.
 */
import { decimalPattern } from './expression-operations.js';
import { hasExpression } from './expressions.js';
import { type Issues, shown } from './issues.js';
import type { ParameterDeclaration } from './schema.js';
import { didYouMean, listed } from './suggest.js';

export type ParameterValue = string | number | boolean;
export type ParameterValues = Readonly<Record<string, ParameterValue>>;

/** Values by name; names whose value could not be determined are in `failed`, their issues reported. */
export interface ResolvedParameters {
  readonly values: ParameterValues;
  readonly failed: ReadonlySet<string>;
}

export function resolveParameters(
  declarations: Readonly<Record<string, ParameterDeclaration>>,
  given: ParameterValues,
  issues: Issues,
): ResolvedParameters {
  const values = Object.create(null) as Record<string, ParameterValue>;
  const failed = new Set<string>();
  for (const [name, declaration] of Object.entries(declarations)) {
    const value = resolve(name, declaration, Object.hasOwn(given, name) ? given[name] : undefined, issues);
    if (value === undefined) failed.add(name);
    else values[name] = value;
  }
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(declarations, name)) continue;
    const known = Object.keys(declarations);
    const declared = known.length === 0 ? 'the definition declares none' : `declared: ${listed(known)}`;
    issues.add(
      'parameter',
      ['params'],
      `there is no parameter ${shown(name)}${didYouMean(name, known) || `; ${declared}`}`,
      { part: 'key' },
    );
  }
  return { values: { ...values }, failed };
}

function resolve(
  name: string,
  declaration: ParameterDeclaration,
  given: ParameterValue | undefined,
  issues: Issues,
): ParameterValue | undefined {
  const path = ['params', name];
  const before = issues.count;
  for (const [index, value] of (declaration.enum ?? []).entries()) {
    const problem = typeProblem(value, declaration.type);
    if (problem !== undefined) issues.add('parameter', [...path, 'enum', index], problem);
  }
  for (const bound of ['minimum', 'maximum'] as const) {
    if (declaration[bound] !== undefined && declaration.type !== 'integer' && declaration.type !== 'number')
      issues.add(
        'parameter',
        [...path, bound],
        `"${bound}" is for numbers; the type is ${declaration.type}`,
        { part: 'key' },
      );
  }
  if (declaration.default !== undefined) {
    const problem =
      typeProblem(declaration.default, declaration.type) ?? rangeProblem(declaration.default, declaration);
    if (problem !== undefined) issues.add('parameter', [...path, 'default'], problem);
  }
  if (issues.count > before) return undefined;
  if (given === undefined) {
    if (declaration.default === undefined)
      issues.add('parameter', path, `the parameter ${shown(name)} has no default and was not given a value`, {
        part: 'key',
      });
    return declaration.default;
  }
  const value = convert(given, declaration.type);
  const problem = typeProblem(value, declaration.type) ?? rangeProblem(value, declaration);
  if (problem === undefined) return value;
  issues.add('parameter', path, `the parameter ${shown(name)} was given ${worded(given)}: ${problem}`, {
    part: 'key',
  });
  return undefined;
}

/** The command line gives texts only; they are read as the declared type. */
function convert(value: ParameterValue, type: ParameterDeclaration['type']): ParameterValue {
  if (type === 'string') return typeof value === 'object' ? value : String(value);
  if (typeof value !== 'string') return value === 0 ? 0 : value;
  if (type === 'boolean') return value === 'true' ? true : value === 'false' ? false : value;
  return decimalPattern.test(value) ? Number(value) + 0 : value;
}

function typeProblem(value: ParameterValue, type: ParameterDeclaration['type']): string | undefined {
  if (typeof value === 'string' && hasExpression(value))
    return 'a parameter takes plain values, not expressions';
  const fits =
    type === 'integer'
      ? Number.isSafeInteger(value)
      : typeof value === type && (type !== 'number' || Number.isFinite(value));
  if (fits) return undefined;
  const article = type === 'integer' ? 'an' : 'a';
  return `expected ${article} ${type}, found ${worded(value)}`;
}

/** For messages. What a client gives at the start may be of any kind, whatever the types say. */
function worded(value: unknown): string {
  if (typeof value === 'string') return shown(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'a list' : value === null ? 'nothing' : 'a mapping';
}

function rangeProblem(
  value: ParameterValue,
  { minimum, maximum, enum: permitted }: ParameterDeclaration,
): string | undefined {
  if (typeof value === 'number' && minimum !== undefined && value < minimum)
    return `must be at least ${minimum}, found ${value}`;
  if (typeof value === 'number' && maximum !== undefined && value > maximum)
    return `must be at most ${maximum}, found ${value}`;
  if (permitted !== undefined && !permitted.includes(value)) {
    const list = listed(permitted.map((one) => JSON.stringify(one)));
    return `must be one of ${list}${typeof value === 'string' ? didYouMean(value, permitted.map(String)) : ''}`;
  }
  return undefined;
}
