/**
 * @file `summariseEvaluation`: the table of accuracies, beside what the experts reached on everything.
 */
import type { ArtifactStore } from '../artifacts/store.js';
import type { Reference } from '../artifacts/reference.js';
import { getTrajectory, getTrajectorySet } from '../artifacts/trajectories.js';
import { mean, populationStd } from '../distillation/selection.js';
import { networkLabels } from '../definition/network-names.js';
import type { EvaluateOutput, EvaluationRow } from '../definition/stages.js';
import type { NetworkSpec } from '../networks/spec.js';
import type { SummariseEvaluationInput } from './contract.js';

interface Scores {
  readonly trainedOn: EvaluationRow['trainedOn'];
  readonly network: NetworkSpec;
  readonly accuracies: readonly number[];
}

export async function summariseEvaluation(
  store: ArtifactStore,
  input: SummariseEvaluationInput,
): Promise<EvaluateOutput> {
  const full = await Promise.all(input.experts.map((set) => expertScores(store, set)));
  const scores: Scores[] = [...input.scores, ...full];
  const labels = networkLabels(scores.map(({ network }) => network));
  const rows = scores.map(({ trainedOn, network, accuracies }, index) => ({
    trainedOn,
    architecture: labels[index] ?? network.architecture,
    mean: mean(accuracies),
    std: populationStd(accuracies),
    accuracies,
  }));
  const document = new TextEncoder().encode(JSON.stringify({ rows, scores }, null, 2));
  return { type: 'evaluate', scores: await store.putBlob(document, 'application/json'), rows };
}

async function expertScores(store: ArtifactStore, reference: Reference): Promise<Scores> {
  const { network, trajectories } = await getTrajectorySet(store, reference);
  const experts = await Promise.all(trajectories.map((expert) => getTrajectory(store, expert)));
  return {
    trainedOn: 'full',
    network,
    accuracies: experts.map(({ testAccuracy, epochs }) => testAccuracy[epochs] ?? Number.NaN),
  };
}
