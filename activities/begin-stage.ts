/**
 * @file `beginStage`: the identity of a stage's result, and the result if it is already there.
 */
import { keyOfIdentity, putIdentity } from '../artifacts/identities.js';
import { lostFrom } from '../artifacts/completeness.js';
import { stageKey, trajectorySetKey } from '../artifacts/layout.js';
import type { ArtifactStore } from '../artifacts/store.js';
import { getStageManifest } from '../artifacts/stages.js';
import type { BeginStageInput, BegunStage } from './contract.js';
import { recordResult, type Provenance } from './provenance.js';
import { identityOf } from './stage-identity.js';

/**
 * A result that is no longer whole is not used: what names it is removed, so that the stage makes it anew. What
 * is left of it, such as the experts that are whole, is found again by the units of work.
 */
export async function beginStage(
  store: ArtifactStore,
  input: BeginStageInput,
  origin: Provenance,
): Promise<BegunStage> {
  const identity = identityOf(input);
  const key = keyOfIdentity(identity);
  await putIdentity(store, identity);
  const cached = input.cache ? await getStageManifest(store, input.stage.uses, key) : undefined;
  if (cached === undefined) return { key };
  const lost = await lostFrom(store, cached.output);
  if (lost.length === 0) {
    await recordResult(store, cached, origin);
    return { key, cached };
  }
  if (cached.output.type === 'train-experts') await store.remove(trajectorySetKey(key));
  await store.remove(stageKey(cached.type, key));
  return { key };
}
