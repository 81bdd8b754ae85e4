/**
 * @file Checks a value against a schema and turns what zod finds into issues: one for each mistake, in the
 * words of the definition, with the closest permitted word.
 */
import type * as z from 'zod';
import { StageReference } from './expressions.js';
import { type IssueCode, type Issues, type Path, pathKey, shown } from './issues.js';
import { didYouMean } from './suggest.js';

/** What is known of the value beyond itself. */
export interface CheckContext {
  /** Where the value lies in the definition. */
  readonly path: Path;
  /** The expression that a value came from, by `pathKey`. */
  readonly origins: ReadonlyMap<string, string>;
  /** Places by `pathKey` of which nothing more is to be said. */
  readonly failed: ReadonlySet<string>;
}

/** The parsed value, or undefined after reporting what does not fit the schema. */
export function checkSchema<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  issues: Issues,
  context: CheckContext,
): z.output<Schema> | undefined {
  // The permitted keys are only known where the issue arises; they are kept by the object they are for.
  const permittedKeys = new WeakMap<object, readonly string[]>();
  const result = schema.safeParse(value, {
    reportInput: true,
    error: (issue) => {
      const { code, input, inst } = issue;
      if (code === 'unrecognized_keys' && typeof input === 'object' && inst && 'shape' in inst)
        permittedKeys.set(input, Object.keys(inst.shape as object));
      return wording(issue);
    },
  });
  if (result.success) return result.data;
  const reporter = new Reporter(issues, context, permittedKeys);
  for (const issue of result.error.issues) reporter.report(issue, context.path);
  return undefined;
}

class Reporter {
  constructor(
    private readonly issues: Issues,
    private readonly context: CheckContext,
    private readonly permittedKeys: WeakMap<object, readonly string[]>,
  ) {}

  report(issue: z.core.$ZodIssue, base: Path): void {
    const path = [...base, ...issue.path.filter((part) => typeof part !== 'symbol')];
    if (path.some((_, depth) => this.context.failed.has(pathKey(path.slice(0, depth + 1))))) return;
    if (this.issues.isTakenForWrong(path)) return;
    switch (issue.code) {
      case 'unrecognized_keys':
        for (const key of issue.keys) this.unknownKey(key, issue.input, path);
        return;
      case 'invalid_key':
        for (const inner of issue.issues)
          this.issues.add('invalid-name', path, `${inner.message}; found ${shown(String(path.at(-1)))}`, {
            part: 'key',
          });
        return;
      case 'invalid_union':
        this.union(issue, path);
        return;
      default:
        if (issue.input === undefined && issue.code !== 'custom') this.missing(path);
        else if (issue.input === undefined && issue.path.length > 0) this.missing(path);
        else this.issues.add(codes[issue.code] ?? 'wrong-type', path, issue.message + this.origin(path));
    }
  }

  private unknownKey(key: string, object: unknown, path: Path): void {
    if (this.issues.isTakenForWrong([...path, key])) return;
    const permitted = (typeof object === 'object' && object !== null && this.permittedKeys.get(object)) || [];
    const inside = path.length === 0 ? 'a definition' : shown(String(path.at(-1)));
    const hint = didYouMean(key, permitted) || `; permitted: ${permitted.join(', ')}`;
    this.issues.add('unknown-key', [...path, key], `unknown key ${shown(key)} in ${inside}${hint}`, {
      part: 'key',
    });
  }

  private missing(path: Path): void {
    this.issues.add('missing-key', path, `${shown(String(path.at(-1)))} is missing`, { part: 'key' });
  }

  private union(issue: z.core.$ZodIssueInvalidUnion, path: Path): void {
    if (issue.discriminator !== undefined) {
      const object = issue.input as Record<string, unknown>;
      const value = object[issue.discriminator];
      if (value === undefined) this.missing(path);
      else {
        // What may be left out need not be named.
        const known = ('options' in issue ? (issue.options ?? []) : []).filter(
          (option) => option !== undefined,
        );
        this.issues.add('unknown-value', path, issue.message === '' ? oneOf(known, value) : issue.message);
      }
      return;
    }
    if (issue.input === undefined) {
      this.missing(path);
      return;
    }
    // Of the alternatives, the one is meant whose kind of value was written.
    const [meant, ...others] = issue.errors.filter((branch) => !branch.some((inner) => isOtherKind(inner)));
    if (meant !== undefined && others.length === 0) for (const inner of meant) this.report(inner, path);
    else this.issues.add('wrong-type', path, alternatives(issue) + this.origin(path));
  }

  private origin(path: Path): string {
    const expression = this.context.origins.get(pathKey(path));
    return expression === undefined ? '' : ` (from ${expression})`;
  }
}

const codes: Partial<Record<z.core.$ZodIssue['code'], IssueCode>> = {
  invalid_value: 'unknown-value',
  too_big: 'out-of-range',
  too_small: 'out-of-range',
  invalid_format: 'invalid-name',
  custom: 'out-of-range',
};

function isOtherKind(issue: z.core.$ZodIssue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === 'invalid_type') return true;
  return issue.code === 'invalid_value' && !issue.values.some((value) => typeof value === typeof issue.input);
}

/** The message of a union whose alternatives none of is meant, from what each expects. */
function alternatives(issue: z.core.$ZodIssueInvalidUnion): string {
  if (issue.message !== '') return issue.message;
  const expected = issue.errors.flatMap((branch) =>
    branch.flatMap((inner) => {
      if (inner.code === 'invalid_type') return [kinds[inner.expected] ?? inner.expected];
      return inner.code === 'invalid_value' ? inner.values.map((value) => JSON.stringify(value)) : [];
    }),
  );
  return `expected ${[...new Set(expected)].join(' or ')}, found ${describe(issue.input)}`;
}

/** The text of an issue for which the schema has none of its own; empty where it is made from the parts. */
function wording(issue: z.core.$ZodRawIssue): string | undefined {
  const { input } = issue;
  switch (issue.code) {
    case 'invalid_type':
      // A number that is none: YAML can say .nan and .inf.
      return `expected ${kinds[issue.expected] ?? issue.expected}, found ${describe(input)}`;
    case 'too_small':
      return bound(
        issue.origin,
        issue.inclusive === false ? 'greater than' : 'at least',
        issue.minimum,
        input,
      );
    case 'too_big':
      return bound(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum, input);
    case 'invalid_value':
      return oneOf(issue.values, input);
    case 'invalid_union':
      return '';
    default:
      return undefined;
  }
}

function bound(origin: string, relation: string, limit: number | bigint, input: unknown): string {
  if (origin === 'string') return `must have ${relation} ${limit.toString()} characters`;
  if (origin === 'array') return `must list ${relation} ${limit.toString()}`;
  return `must be ${relation} ${limit.toString()}, found ${describe(input)}`;
}

function oneOf(values: readonly z.core.util.Primitive[], input: unknown): string {
  const texts = values.map(String);
  const expected = `${texts.length > 1 ? 'one of ' : ''}${texts.map((text) => JSON.stringify(text)).join(', ')}`;
  const hint = typeof input === 'string' ? didYouMean(input, texts) : '';
  return `expected ${expected}, found ${describe(input)}${hint}`;
}

const kinds: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
};

function describe(value: unknown): string {
  if (typeof value === 'string') return `the text ${shown(value)}`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value instanceof StageReference)
    return `the output ${shown(value.output)} of stage ${shown(value.stage)}`;
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'a mapping' : 'nothing';
}
