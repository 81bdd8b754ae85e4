/**
 * @file `beginStage`: the identity of a stage's result, and the result if it is already there.
 */
import type { ArtifactStore } from '../artifacts/store.js';
import { getStageManifest } from '../artifacts/stages.js';
import type { BeginStageInput, BegunStage } from './contract.js';
import { stageIdentity } from './stage-identity.js';

export async function beginStage(store: ArtifactStore, input: BeginStageInput): Promise<BegunStage> {
  const key = stageIdentity(input);
  const cached = input.cache ? await getStageManifest(store, input.stage.uses, key) : undefined;
  return cached === undefined ? { key } : { key, cached };
}
