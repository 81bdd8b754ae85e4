/**
 * @file What a stage finds in the stages before it.
 */
import type { Upstream } from '../activities/contract.js';
import type { Reference } from '../artifacts/reference.js';
import { plainOutputs } from '../definition/outputs.js';
import { isReference } from '../definition/artifact.js';
import type { OutputRef, Plan, PlannedStage } from '../definition/plan.js';
import type { StageOutput } from '../definition/stages.js';
import { finalFailure } from './failures.js';

/** Stages that must be finished before this one: those it names and those whose output it takes. */
export function directNeeds(stage: PlannedStage): string[] {
  const refs = outputRefs(stage).map((ref) => ref.stage);
  return [...new Set([...stage.needs, ...refs])];
}

/**
 * Ids of the stages before `stage` whose results it uses. Each travels with its result in the message that
 * starts the stage, so those that only had to come first are left out.
 */
export function usedStages(plan: Plan, stage: PlannedStage): Set<string> {
  switch (stage.uses) {
    case 'train-experts':
      return new Set();
    case 'distill':
    case 'select':
    case 'custom':
      return takenFrom(stage);
    case 'evaluate': {
      // Experts, wherever they are, show what training on everything gives.
      const before = allNeeds(plan, stage);
      const stages = [...(plan.imports ?? []), ...plan.stages];
      const experts = stages.filter(({ id, uses }) => uses === 'train-experts' && before.has(id));
      return new Set([stage.with.dataset.stage, ...experts.map(({ id }) => id)]);
    }
    case 'report':
      return allNeeds(plan, stage);
  }
}

/** Ids of the stages whose outputs its settings refer to. */
export function takenFrom(stage: PlannedStage): Set<string> {
  return new Set(outputRefs(stage).map((ref) => ref.stage));
}

const stagesById = new WeakMap<Plan, ReadonlyMap<string, PlannedStage>>();

function byIdOf(plan: Plan): ReadonlyMap<string, PlannedStage> {
  const known = stagesById.get(plan);
  if (known !== undefined) return known;
  const byId = new Map(plan.stages.map((stage) => [stage.id, stage]));
  stagesById.set(plan, byId);
  return byId;
}

/** Ids of all stages before `stage`, directly or through others; what is taken from elsewhere is among them. */
function allNeeds(plan: Plan, stage: PlannedStage): Set<string> {
  const byId = byIdOf(plan);
  const imported = new Set(plan.imports?.map(({ id }) => id));
  const found = new Set<string>();
  const visit = (current: PlannedStage): void => {
    for (const id of directNeeds(current)) {
      const needed = byId.get(id);
      if (imported.has(id)) found.add(id);
      if (needed === undefined || found.has(id)) continue;
      found.add(id);
      visit(needed);
    }
  };
  visit(stage);
  return found;
}

function outputRefs(stage: PlannedStage): OutputRef[] {
  switch (stage.uses) {
    case 'distill': {
      const { trajectories, init } = stage.with;
      return [trajectories, typeof init === 'string' ? undefined : init].filter((ref) => ref !== undefined);
    }
    case 'select':
      return stage.with.trajectories === undefined ? [] : [stage.with.trajectories];
    case 'evaluate':
      return [stage.with.dataset];
    case 'custom':
      return Object.values(stage.inputs);
    case 'train-experts':
    case 'report':
      return [];
  }
}

/**
 * The artifact that `${{ stages.<id>.<output> }}` stands for.
 * @throws ApplicationFailure `InvalidDefinition` when the stage has no such output
 */
export function resolveOutput(upstream: Upstream, ref: OutputRef): Reference {
  const value = outputValue(upstream, ref);
  if (typeof value === 'object') return value;
  throw notAnArtifact(ref);
}

/**
 * The artifact or value that `${{ stages.<id>.<output> }}` stands for.
 * @throws ApplicationFailure `InvalidDefinition` when the stage has no such output
 */
export function outputValue(upstream: Upstream, ref: OutputRef): Reference | string | number | boolean {
  const output = upstream[ref.stage]?.manifest.output;
  if (output === undefined) throw notAnArtifact(ref);
  const artifacts: object = output.type === 'custom' ? output.outputs : output;
  const artifact: unknown = Object.entries(artifacts).find(isNamed(ref.output))?.[1];
  if (isReference(artifact)) return artifact;
  const value = Object.entries(plainOutputs(output)).find(isNamed(ref.output))?.[1];
  if (value !== undefined) return value;
  throw notAnArtifact(ref);
}

function notAnArtifact(ref: OutputRef) {
  return finalFailure(
    'InvalidDefinition',
    `stages.${ref.stage}.${ref.output} is not an artifact that stage ${ref.stage} produces`,
  );
}

function isNamed(name: string) {
  return ([key]: [string, unknown]) => key === name;
}

/** The artifact that stands for a whole output: another digest, another result. */
export function mainArtifact(output: StageOutput): Reference {
  switch (output.type) {
    case 'train-experts':
      return output.trajectories;
    case 'distill':
    case 'select':
      return output.result;
    case 'evaluate':
      return output.scores;
    case 'report':
      return output.report;
    case 'custom':
      return output.document;
  }
}
