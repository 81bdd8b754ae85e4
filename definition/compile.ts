/**
 * @file Compiling: from the text or object that a user sends to the plan that runs. Reads from top to
 * bottom as the steps happen.
 */
import { checkConsistency } from './consistency.js';
import { stageGraph } from './graph.js';
import { Issues } from './issues.js';
import { maximumBytes } from './limits.js';
import { readObject } from './object-document.js';
import { type ParameterValues, resolveParameters } from './parameters.js';
import type { Plan } from './plan.js';
import { makePlan } from './planning.js';
import { resolveExpressions } from './resolve.js';
import { definition as definitionSchema, parameters as parametersSchema } from './schema.js';
import { divideStages, importedStages } from './schema-imports.js';
import { checkSchema } from './schema-issues.js';
import { warningsOf } from './warnings.js';
import { type DefinitionDocument, readYaml } from './yaml-document.js';

export interface CompileOptions {
  /** Values of parameters; texts are read as the declared type, as they come from a command line. */
  readonly params?: ParameterValues;
  /** What messages call the definition, such as its file name. Default `definition`. */
  readonly name?: string;
}

export interface Compiled {
  readonly plan: Plan;
  /** One line each: permitted, but probably not meant. */
  readonly warnings: string[];
}

/**
 * Compiles a definition. Pure: the same input gives the same plan, here and in a workflow's sandbox.
 *
 * @param input - YAML as UTF-8 bytes or text, of at most 256 KiB, or the object it would be read as
 * @throws DefinitionError with everything found wrong, each with its place
 */
export function compile(input: Uint8Array | string | object, options: CompileOptions = {}): Compiled {
  const issues = new Issues(options.name ?? 'definition');
  const document = read(input, issues);
  if (document === undefined) throw issues.error();
  issues.throwIfAny();

  const { params: declared } = topLevel(document, issues);
  const plain = { path: ['params'], origins: new Map<string, string>(), failed: new Set<string>() };
  const declarations = declared === undefined ? {} : checkSchema(parametersSchema, declared, issues, plain);
  // Without its declarations, every use of a parameter would seem wrong.
  if (declarations === undefined) throw issues.error();
  const parameters = resolveParameters(declarations, options.params ?? {}, issues);

  const resolved = resolveExpressions(document, parameters, issues);
  // The parameters have been checked already.
  const body: Record<string, unknown> = { ...(resolved.value as object), params: undefined };
  const { computed, imported } = divideStages(body.stages);
  const definition = checkSchema(definitionSchema, { ...body, stages: computed }, issues, {
    path: [],
    ...resolved,
  });
  const imports = checkSchema(importedStages, imported, issues, { path: ['stages'], ...resolved });
  const graph = stageGraph(body.stages, issues);
  issues.throwIfAny();
  if (definition === undefined || imports === undefined) throw issues.error();

  const plan = makePlan(definition, imports, graph, parameters.values);
  checkConsistency(plan, issues);
  issues.throwIfAny();
  return { plan, warnings: warningsOf(plan, resolved.usedParameters, issues) };
}

function read(input: Uint8Array | string | object, issues: Issues): DefinitionDocument | undefined {
  if (typeof input === 'string') {
    // A text is at least as many bytes as UTF-16 units.
    const bytes = input.length > maximumBytes ? input.length : new TextEncoder().encode(input).length;
    return fits(bytes, issues) ? readYaml(input, issues) : undefined;
  }
  // Not `instanceof`: in a sandbox the bytes may come from another realm.
  if (ArrayBuffer.isView(input)) {
    if (!fits(input.byteLength, issues)) return undefined;
    const text = decode(new Uint8Array(input.buffer, input.byteOffset, input.byteLength), issues);
    return text === undefined ? undefined : readYaml(text, issues);
  }
  return readObject(input, issues);
}

function fits(bytes: number, issues: Issues): boolean {
  if (bytes <= maximumBytes) return true;
  issues.add(
    'too-large',
    [],
    `the definition has more than ${maximumBytes / 1024} KiB (${Math.ceil(bytes / 1024)} KiB)`,
  );
  return false;
}

function decode(bytes: Uint8Array, issues: Issues): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    issues.add('encoding', [], 'the definition is not UTF-8 text');
    return undefined;
  }
}

function topLevel(document: DefinitionDocument, issues: Issues): Record<string, unknown> {
  const { value } = document;
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  const message =
    value === null
      ? 'the definition is empty'
      : 'a definition is a mapping of keys such as name, dataset and stages';
  issues.add('wrong-type', [], message);
  throw issues.error();
}
