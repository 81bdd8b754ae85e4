/**
 * @file `finishStage`: records a stage's result under its identity. Written last and only once, so that the
 * manifest's presence means that everything it names is there.
 */
import type { ArtifactStore } from '../artifacts/store.js';
import { putStageManifest } from '../artifacts/stages.js';
import type { StageManifest } from '../definition/stages.js';
import type { FinishStageInput } from './contract.js';
import { recordResult, type Provenance } from './provenance.js';

export async function finishStage(
  store: ArtifactStore,
  { startedAt, ...result }: FinishStageInput,
  provenance: Provenance,
): Promise<StageManifest> {
  const { now, ...origin } = provenance;
  const manifest: StageManifest = {
    ...result,
    ...origin,
    finishedAt: now.toISOString(),
    seconds: Math.max(0, (now.getTime() - Date.parse(startedAt)) / 1000),
  };
  await putStageManifest(store, manifest);
  await recordResult(store, manifest, provenance);
  return manifest;
}
