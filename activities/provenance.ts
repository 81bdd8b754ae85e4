/**
 * @file Who asked for a stage's result, and when; and which result a run's stage has.
 */
import { recordRunStage } from '../artifacts/run-stages.js';
import type { ArtifactStore } from '../artifacts/store.js';
import { parseStageOfRun } from '../definition/imports.js';
import type { StageManifest } from '../definition/stages.js';

/** The workflow that asks, and when it asked, by the clock of Temporal as the stage's beginning is. */
export interface Provenance {
  readonly workflowId: string;
  readonly runId: string;
  readonly now: Date;
}

/** Lets other runs find the result by the name of this one; the stage's workflow is called by both names. */
export async function recordResult(
  store: ArtifactStore,
  { type, key }: Pick<StageManifest, 'type' | 'key'>,
  { workflowId, now }: Provenance,
): Promise<void> {
  const run = parseStageOfRun(workflowId);
  if (run !== undefined) await recordRunStage(store, { ...run, type, key, at: now.toISOString() });
}
