/**
 * @file Compiling: from the text or object that a user sends to the plan that runs. Reads from top to
 * bottom as the steps happen.
 */
import type { KnownDataset } from './builtin-datasets.js';
import { checkConsistency } from './consistency.js';
import { noStageTypes, stageTypes, type StageSignature } from './custom-stages.js';
import { expandMatrices } from './expand.js';
import { stageGraph } from './graph.js';
import { Issues } from './issues.js';
import { takeLateSettings } from './late-settings.js';
import { type ParameterValues, resolveParameters } from './parameters.js';
import type { Plan } from './plan.js';
import { makePlan } from './planning.js';
import { readDefinition, type ReadOptions } from './read-definition.js';
import { Resolver } from './resolve.js';
import { expandedDefinition, parameters as parametersSchema } from './schema.js';
import { divideStages, importedStages } from './schema-imports.js';
import { checkSchema } from './schema-issues.js';
import { warningsOf } from './warnings.js';

export interface CompileOptions extends ReadOptions {
  /** Values of parameters; texts are read as the declared type, as they come from a command line. */
  readonly params?: ParameterValues;
  /** Types of stages, beside those that come with distillery. */
  readonly stages?: Iterable<StageSignature>;
  /** The data set as it is in a store. Default: what is known of well-known ones. */
  readonly dataset?: KnownDataset;
}

export interface Compiled {
  readonly plan: Plan;
  /** One line each: permitted, but probably not meant. */
  readonly warnings: string[];
  /** Paths of the files that the definition includes. */
  readonly included: readonly string[];
}

/**
 * Compiles a definition. Pure: the same input gives the same plan, here and in a workflow's sandbox.
 *
 * @param input - YAML as UTF-8 bytes or text, of at most 256 KiB, or the object it would be read as
 * @throws DefinitionError with everything found wrong, each with its place
 */
export function compile(input: Uint8Array | string | object, options: CompileOptions = {}): Compiled {
  const issues = new Issues(options.name ?? 'definition');
  const { document, value: written, included } = readDefinition(input, options, issues);
  const { params: declared } = written;
  const plain = { path: ['params'], origins: new Map<string, string>(), failed: new Set<string>() };
  const declarations = declared === undefined ? {} : checkSchema(parametersSchema, declared, issues, plain);
  // Without its declarations, every use of a parameter would seem wrong.
  if (declarations === undefined) throw issues.error();
  const parameters = resolveParameters(declarations, options.params ?? {}, issues);

  const types = options.stages ? stageTypes(options.stages) : noStageTypes;
  const resolver = new Resolver(document, parameters, issues, types);
  const { value, cells, warnings } = expandMatrices(
    written,
    (part, path) => resolver.resolve(part, path),
    issues,
  );
  issues.expandInto(cells);
  resolver.expandInto(cells);
  // The parameters have been checked already.
  const body: Record<string, unknown> = { ...(resolver.resolve(value, []) as object), params: undefined };
  const resolved = { ...resolver.resolved, failed: new Set(resolver.resolved.failed) };
  const { stages, late } = takeLateSettings(body['stages'], resolved.failed, issues);
  const { computed, imported } = divideStages(stages);
  const definition = checkSchema(expandedDefinition(types), { ...body, stages: computed }, issues, {
    path: [],
    ...resolved,
  });
  const imports = checkSchema(importedStages, imported, issues, { path: ['stages'], ...resolved });
  const graph = stageGraph(stages, late, cells, types, issues);
  issues.throwIfAny();
  if (definition === undefined || imports === undefined) throw issues.error();

  const plan = makePlan(definition, imports, late, graph, cells, parameters.values, types);
  checkConsistency(plan, issues, options.dataset);
  issues.throwIfAny();
  return {
    plan,
    warnings: [...warnings, ...warningsOf(plan, resolved.usedParameters, options.dataset, issues)],
    included,
  };
}
