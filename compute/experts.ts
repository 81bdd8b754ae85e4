/**
 * @file The stored experts as a distillation reads them.
 */
import { canonicalJson } from '../artifacts/canonical-json.js';
import type { Reference } from '../artifacts/reference.js';
import type { ArtifactStore } from '../artifacts/store.js';
import { SnapshotCache } from '../artifacts/snapshots.js';
import { getTrajectory, getTrajectorySet } from '../artifacts/trajectories.js';
import type { ExpertSnapshots } from '../distillation/trajectory-choice.js';
import { DistilleryError } from '../errors/errors.js';
import type { Network } from '../networks/network.js';
import { Latest } from './latest.js';

const opened = new Latest<ExpertSnapshots>();

/**
 * The experts of a trajectory set; the last one opened stays warm.
 *
 * @throws DistilleryError `InvalidTrajectory` when they are of another network than the one distilled with
 */
export function openExperts(
  store: ArtifactStore,
  set: Reference,
  network: Network,
): Promise<ExpertSnapshots> {
  const key = JSON.stringify([store.location, set.sha256, network.spec]);
  return opened.get(key, () => readExperts(store, set, network));
}

async function readExperts(
  store: ArtifactStore,
  reference: Reference,
  network: Network,
): Promise<ExpertSnapshots> {
  const set = await getTrajectorySet(store, reference);
  if (set.parameterCount !== network.parameterCount)
    throw new DistilleryError(
      'InvalidTrajectory',
      `The experts have ${set.parameterCount} parameters, the network of this pipeline ${network.parameterCount}: ` +
        'distil with the network that the experts were trained as.',
    );
  // As many parameters do not make the same network: another norm or pooling may have just as many.
  if (canonicalJson(set.network) !== canonicalJson(network.spec))
    throw new DistilleryError(
      'InvalidTrajectory',
      `The experts are ${canonicalJson(set.network)}, the network of this pipeline is ${canonicalJson(network.spec)}: ` +
        'distil with the network that the experts were trained as.',
    );
  const trajectories = await Promise.all(set.trajectories.map((expert) => getTrajectory(store, expert)));
  const cache = new SnapshotCache(store);
  return {
    experts: trajectories.length,
    epochs: set.epochs,
    ...(set.kept && { kept: set.kept }),
    snapshot(expert, epoch) {
      const trajectory = trajectories[expert];
      if (!trajectory) throw new RangeError(`there is no expert ${expert}`);
      return cache.get(trajectory, epoch);
    },
  };
}
