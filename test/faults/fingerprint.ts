/**
 * @file Everything of a run's result that must be the same however the run went, by name. Digests are those
 * of bytes that were read back, so a result that names what is not there has no fingerprint.
 */
import type { ArtifactStore } from '../../artifacts/store.js';
import { readSnapshot } from '../../artifacts/snapshots.js';
import { getTrajectory, getTrajectorySet } from '../../artifacts/trajectories.js';
import type { PipelineResult, StageOutput } from '../../definition/stages.js';

export type Fingerprint = Readonly<Record<string, string>>;

/** @throws DistilleryError `Corrupt` when something is damaged or missing */
export async function fingerprint(store: ArtifactStore, result: PipelineResult): Promise<Fingerprint> {
  const found: Record<string, string> = {};
  for (const output of Object.values(result.stages)) await addStage(store, output, found);
  return found;
}

async function addStage(
  store: ArtifactStore,
  output: StageOutput,
  found: Record<string, string>,
): Promise<void> {
  switch (output.type) {
    case 'train-experts': {
      const { trajectories } = await getTrajectorySet(store, output.trajectories);
      for (const reference of trajectories) {
        const trajectory = await getTrajectory(store, reference);
        const { index, shards, testAccuracy, trainLoss } = trajectory;
        for (const { epoch, range } of shards.flatMap(({ epochs }) => epochs)) {
          await readSnapshot(store, trajectory, epoch);
          found[`expert ${index} epoch ${epoch}`] = range.sha256;
        }
        found[`expert ${index} curves`] = JSON.stringify({ testAccuracy, trainLoss });
      }
      break;
    }
    case 'distill': {
      const { result, metrics, iteration, learnedRate, candidates } = output;
      for (const [name, reference] of Object.entries({ 'distilled set': result, metrics })) {
        await store.get(reference);
        found[name] = reference.sha256;
      }
      found['selection'] = JSON.stringify({ iteration, learnedRate, candidates });
      break;
    }
    case 'select':
      await store.get(output.result);
      found['selected set'] = output.result.sha256;
      break;
    case 'evaluate':
      await store.get(output.scores);
      found['accuracies'] = JSON.stringify(output.rows);
      break;
    case 'custom':
      await store.get(output.document);
      found[`outputs of ${output.stage}`] = output.document.sha256;
      break;
    case 'report':
      // It names its run, so no two have the same bytes; whole it must be all the same.
      for (const file of output.files) await store.get(file);
      break;
  }
}

/** Names of what differs, or is on one side only. */
export function differences(one: Fingerprint, other: Fingerprint): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
    (name) => one[name] !== other[name],
  );
}
