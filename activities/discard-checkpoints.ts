/**
 * @file `discardCheckpoints`: removes what a cancelled run has stored of work that it did not finish.
 */
import { Checkpoints } from '../artifacts/checkpoints.js';
import type { ArtifactStore } from '../artifacts/store.js';
import { lineage } from '../compute/unit-keys.js';
import type { DiscardCheckpointsInput } from './contract.js';

export async function discardCheckpoints(
  store: ArtifactStore,
  { units, since }: DiscardCheckpointsInput,
): Promise<void> {
  for (const work of units) {
    const { unit, goal } = lineage(work);
    await new Checkpoints(store, unit, { goal }).discard(new Date(since));
  }
}
