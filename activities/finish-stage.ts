/**
 * @file `finishStage`: records a stage's result under its identity. Written last and only once, so that the
 * manifest's presence means that everything it names is there.
 */
import type { ArtifactStore } from '../artifacts/store.js';
import { putStageManifest } from '../artifacts/stages.js';
import type { StageManifest } from '../definition/stages.js';
import type { FinishStageInput } from './contract.js';

/** The workflow that asks, and when it asked, by the clock of Temporal as the stage's beginning is. */
export interface Provenance {
  readonly workflowId: string;
  readonly runId: string;
  readonly now: Date;
}

export async function finishStage(
  store: ArtifactStore,
  { startedAt, ...result }: FinishStageInput,
  { now, ...origin }: Provenance,
): Promise<StageManifest> {
  const manifest: StageManifest = {
    ...result,
    ...origin,
    finishedAt: now.toISOString(),
    seconds: Math.max(0, (now.getTime() - Date.parse(startedAt)) / 1000),
  };
  await putStageManifest(store, manifest);
  return manifest;
}
