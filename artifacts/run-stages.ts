/**
 * @file Which results a run's stages have, by the name of the run: where `from: WORKFLOW-ID/STAGE` looks.
 */
import { z } from 'zod';
import type { StageType } from '../definition/plan.js';
import { runStageKey, runStagesPrefix } from './layout.js';
import { encodeManifest, manifestMediaType } from './manifest.js';
import { findManifest } from './schemas.js';
import type { ArtifactStore } from './store.js';

export interface RunStage {
  /** Of the pipeline. */
  readonly workflowId: string;
  readonly stage: string;
  readonly type: StageType;
  /** Key of the stage's result. */
  readonly key: string;
  /** ISO time at which the run had it. */
  readonly at: string;
}

const runStageSchema: z.ZodType<RunStage> = z.object({
  workflowId: z.string(),
  stage: z.string(),
  type: z.custom<StageType>((value) => typeof value === 'string', 'not a type of stage'),
  key: z.string(),
  at: z.string(),
});

/** Records that the run has the result, in place of what an earlier run of the same name had. */
export async function recordRunStage(store: ArtifactStore, stage: RunStage): Promise<void> {
  const key = runStageKey(stage.workflowId, stage.stage);
  await store.putObject(key, encodeManifest(stage), manifestMediaType);
}

/** The result that the newest run of that name had for the stage, or undefined. */
export async function findRunStage(
  store: ArtifactStore,
  { workflowId, stage }: Pick<RunStage, 'workflowId' | 'stage'>,
): Promise<RunStage | undefined> {
  const found = await findManifest(store, runStageKey(workflowId, stage), runStageSchema);
  return found?.document;
}

/** All stages of the run that have a result. */
export async function listRunStages(store: ArtifactStore, workflowId: string): Promise<RunStage[]> {
  const stages: RunStage[] = [];
  for await (const { key } of store.list(runStagesPrefix(workflowId))) {
    const found = await findManifest(store, key, runStageSchema);
    if (found !== undefined) stages.push(found.document);
  }
  return stages;
}
