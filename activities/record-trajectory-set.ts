/**
 * @file `recordTrajectorySet`: the experts of a stage as one artifact, with what their accuracies show.
 */
import type { ArtifactStore } from '../artifacts/store.js';
import { getTrajectory, putTrajectorySet } from '../artifacts/trajectories.js';
import { mean, populationStd } from '../distillation/selection.js';
import type { TrainExpertsOutput } from '../definition/stages.js';
import { DistilleryError } from '../errors/errors.js';
import type { RecordTrajectorySetInput } from './contract.js';

export async function recordTrajectorySet(
  store: ArtifactStore,
  { key, network, trajectories }: RecordTrajectorySetInput,
): Promise<TrainExpertsOutput> {
  const experts = await Promise.all(trajectories.map((reference) => getTrajectory(store, reference)));
  const [first] = experts;
  if (first === undefined) {
    throw new DistilleryError('InvalidDefinition', 'There are no experts; train at least one.');
  }
  const { epochs, parameterCount, kept } = first;
  const set = await putTrajectorySet(store, key, {
    kind: 'trajectory-set',
    network,
    parameterCount,
    epochs,
    ...(kept && { kept }),
    trajectories,
  });
  const atEpoch = (epoch: number) => experts.map(({ testAccuracy }) => testAccuracy[epoch] ?? Number.NaN);
  const final = atEpoch(epochs);
  return {
    type: 'train-experts',
    trajectories: set,
    count: experts.length,
    accuracyByEpoch: Array.from({ length: epochs + 1 }, (_, epoch) => mean(atEpoch(epoch))),
    accuracy: mean(final),
    std: populationStd(final),
  };
}
