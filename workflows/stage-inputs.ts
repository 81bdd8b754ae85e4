/**
 * @file What the result of a stage is computed from, by name: part of its identity.
 */
import type { Upstream } from '../activities/contract.js';
import type { Reference } from '../artifacts/reference.js';
import type { CustomStage, DistillConfig, OutputRef, PlannedStage } from '../definition/plan.js';
import { mainArtifact, outputValue, resolveOutput } from './upstream.js';

type Inputs = Record<string, Reference>;

/**
 * @param upstream finished stages whose results the stage uses
 * @param definition the definition's text, which a report shows
 */
export function stageInputs(stage: PlannedStage, upstream: Upstream, definition: Reference): Inputs {
  switch (stage.uses) {
    case 'train-experts':
      return {};
    case 'distill':
      return { ...distillationInputs(stage.with, upstream) };
    case 'select':
      return { ...trajectoryInput(stage.with.trajectories, upstream) };
    case 'evaluate':
      return evaluationInputs(stage.with.dataset, upstream);
    case 'custom':
      return customInputs(stage, upstream).artifacts;
    case 'report':
      return reportInputs(upstream, definition);
  }
}

/** Experts, and images to start from. */
export type DistillationInputs = Readonly<Partial<Record<'trajectories' | 'initial', Reference>>>;

export function distillationInputs(
  { trajectories, init }: DistillConfig,
  upstream: Upstream,
): DistillationInputs {
  return {
    ...trajectoryInput(trajectories, upstream),
    ...(typeof init !== 'string' && { initial: resolveOutput(upstream, init) }),
  };
}

export function trajectoryInput(
  trajectories: OutputRef | undefined,
  upstream: Upstream,
): { trajectories?: Reference } {
  return trajectories === undefined ? {} : { trajectories: resolveOutput(upstream, trajectories) };
}

export function evaluationInputs(dataset: OutputRef, upstream: Upstream): Inputs {
  return { dataset: resolveOutput(upstream, dataset), ...expertSets(upstream) };
}

/** Experts upstream show what training on everything gives. */
export function expertSets(upstream: Upstream): Inputs {
  return Object.fromEntries(
    Object.entries(upstream)
      .filter(([, { stage }]) => stage.uses === 'train-experts')
      .map(([id, { manifest }]) => [`experts ${id}`, mainArtifact(manifest.output)]),
  );
}

/** Values are part of the configuration, as if the definition had them; artifacts are inputs, by their digests. */
export function customInputs(
  { inputs }: CustomStage,
  upstream: Upstream,
): { values: Record<string, string | number | boolean>; artifacts: Inputs } {
  const values: Record<string, string | number | boolean> = {};
  const artifacts: Inputs = {};
  for (const [place, reference] of Object.entries(inputs)) {
    const value = outputValue(upstream, reference);
    if (typeof value === 'object') artifacts[place] = value;
    else values[place] = value;
  }
  return { values, artifacts };
}

export function reportInputs(upstream: Upstream, definition: Reference): Inputs {
  return {
    definition,
    ...Object.fromEntries(
      Object.entries(upstream).map(([id, { manifest }]) => [`stage ${id}`, mainArtifact(manifest.output)]),
    ),
  };
}
