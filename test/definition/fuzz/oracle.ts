/**
 * @file What must hold whatever is compiled: a plan that is sound, or a DefinitionError that can be shown, and
 * either soon.
 */
import assert from 'node:assert/strict';
import { Ajv, type ValidateFunction } from 'ajv';
import { parse } from 'yaml';
import {
  compile,
  DefinitionError,
  definitionJsonSchema,
  type CompileOptions,
  flatten,
  type Plan,
} from '../../../definition/index.js';
import { redefine } from './redefine.js';

export interface Verdict {
  readonly compiled: boolean;
  /** Codes of the issues. */
  readonly codes: readonly string[];
  /** Processor time of compiling. */
  readonly seconds: number;
}

export const longestSeconds = 1;
const idPattern = /^[a-z][a-z0-9-]{0,62}$/;
const cellPattern = /^[a-z][a-z0-9-]{0,62}\[[^[\]]*\]$/;
/** What would act on a terminal, or make a message read differently from what it is. */
const unprintable = /[^\P{Cc}\n]|\p{Zl}|\p{Zp}|\p{Bidi_Control}|\ufeff/u;

export class Oracle {
  private readonly fitsJsonSchema: ValidateFunction = new Ajv({ strict: false }).compile(
    definitionJsonSchema(),
  );

  /** Throws an AssertionError, or what the compiler threw, when something is wrong. */
  examine(input: Uint8Array | string | object, options: CompileOptions): Verdict {
    const started = process.cpuUsage();
    const outcome = compiled(input, options);
    const seconds = process.cpuUsage(started).user / 1e6;
    assert.ok(seconds < longestSeconds, `${seconds} s of processor time`);
    assert.deepEqual(Object.keys(Object.prototype), [], 'a prototype was changed');
    if (outcome instanceof DefinitionError) {
      checkError(outcome, input);
      return { compiled: false, codes: outcome.issues.map(({ code }) => code), seconds };
    }
    checkPlan(outcome);
    this.checkDefinition(input, options, outcome);
    return { compiled: true, codes: [], seconds };
  }

  /** What was let through says nothing but what the schema permits, as another implementation reads both. */
  private checkDefinition(input: Uint8Array | string | object, options: CompileOptions, plan: Plan): void {
    const isText = typeof input === 'string' || input instanceof Uint8Array;
    const value: unknown = isText ? parse(textOf(input), { merge: true, logLevel: 'silent' }) : plain(input);
    if (!(value instanceof Object && 'include' in value))
      assert.ok(this.fitsJsonSchema(value), JSON.stringify(this.fitsJsonSchema.errors?.slice(0, 3)));
    if (!isText) return;
    const flat = flatten(input, options);
    assert.deepEqual(compile(flat, options).plan, plan, 'the flattened definition means something else');
    assert.ok(!unprintable.test(flat), 'the flattened definition has control characters');
  }
}

function compiled(input: Uint8Array | string | object, options: CompileOptions): Plan | DefinitionError {
  try {
    return compile(input, options).plan;
  } catch (error) {
    if (error instanceof DefinitionError) return error;
    throw error;
  }
}

function checkError(
  { issues, message, retryable }: DefinitionError,
  input: Uint8Array | string | object,
): void {
  assert.ok(issues.length > 0 && issues.length <= 100, `${issues.length} issues`);
  assert.ok(!retryable);
  assert.ok(!unprintable.test(message), `a message with control characters: ${JSON.stringify(message)}`);
  assert.ok(message.length < 50_000, `a message of ${message.length} characters`);
  const lines = typeof input === 'string' ? input.split('\n').length : undefined;
  for (const issue of issues) {
    assert.match(issue.code, /^[a-z]+(-[a-z]+)*$/);
    assert.ok(issue.message.length > 0);
    if (issue.line === undefined) continue;
    assert.ok(issue.line >= 1 && (issue.column ?? 0) >= 1, JSON.stringify(issue));
    if (lines !== undefined && issue.file === undefined)
      assert.ok(issue.line <= lines, JSON.stringify(issue));
    const [, caret = ''] = (issue.snippet ?? '').split('\n');
    assert.match(caret, /^ +\| *\^$/);
  }
}

function checkPlan(plan: Plan): void {
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan, 'the plan is not plain JSON');
  assert.match(plan.name, idPattern);
  assert.ok(plan.stages.length > 0);
  const imports = (plan.imports ?? []).map(({ id }) => id);
  const before = new Set(imports);
  for (const { id, needs } of plan.stages) {
    assert.ok(idPattern.test(id) || cellPattern.test(id), id);
    assert.ok(!before.has(id), `${id} is there twice`);
    for (const need of needs) assert.ok(before.has(need), `${id} comes before ${need}, which it needs`);
    before.add(id);
  }
  const again = redefine(plan);
  if (again === undefined) return;
  assert.deepEqual(compile(again.definition).plan, again.expected, 'the plan does not validate again');
}

function textOf(input: Uint8Array | string): string {
  const text = typeof input === 'string' ? input : new TextDecoder().decode(input);
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

/** As a caller's JSON would carry it. */
function plain(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}
