/**
 * @file `compileDefinition`: from a definition as it was sent to a plan. The workflow's history pins the
 * plan, so that a later version of distillery replays what this one decided.
 */
import { sha256 } from '../artifacts/digest.js';
import { definitionKey, planKey } from '../artifacts/layout.js';
import type { ArtifactStore } from '../artifacts/store.js';
import { compile, type StageSignature } from '../definition/index.js';
import { packPlan } from '../definition/packed-plan.js';
import type { PipelineOptions } from '../definition/stages.js';
import type { CompiledDefinition, Definition } from './contract.js';

export async function compileDefinition(
  store: ArtifactStore,
  definition: Definition,
  params: PipelineOptions['params'],
  stages: readonly StageSignature[] = [],
): Promise<CompiledDefinition> {
  const { plan } = compile(definition, { stages, ...(params && { params }) });
  const text = definitionBytes(definition);
  const planText = new TextEncoder().encode(JSON.stringify(plan));
  const [reference, storedPlan] = await Promise.all([
    store.putObject(definitionKey(sha256(text)), text, 'application/yaml'),
    store.putObject(planKey(sha256(planText)), planText, 'application/json'),
  ]);
  return { plan: packPlan(plan), definition: reference, storedPlan };
}

/** The definition as it is kept, however it was sent. */
export function definitionBytes(definition: Definition): Uint8Array {
  if (definition instanceof Uint8Array) return definition;
  // JSON is YAML, so a parsed document is kept as one that can be sent again.
  const text = typeof definition === 'string' ? definition : `${JSON.stringify(definition, null, 2)}\n`;
  return new TextEncoder().encode(text);
}
