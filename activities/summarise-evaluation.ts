/**
 * @file `summariseEvaluation`: the table of accuracies, beside what the experts reached on everything.
 */
import type { ArtifactStore } from '../artifacts/store.js';
import type { Reference } from '../artifacts/reference.js';
import { getTrajectory, getTrajectorySet } from '../artifacts/trajectories.js';
import { mean, populationStd } from '../distillation/selection.js';
import { networkLabels, sameNetwork } from '../definition/network-names.js';
import type { EvaluateOutput, EvaluationRow } from '../definition/stages.js';
import type { EvaluationScores, SummariseEvaluationInput } from './contract.js';

interface Scores extends EvaluationScores {
  readonly source?: 'training';
}

export async function summariseEvaluation(
  store: ArtifactStore,
  input: SummariseEvaluationInput,
): Promise<EvaluateOutput> {
  const experts = await Promise.all(input.experts.map((set) => expertScores(store, set)));
  const measured = input.scores.map((score): Scores =>
    score.trainedOn === 'full' ? { ...score, source: 'training' } : score,
  );
  const trained = measured.filter(({ trainedOn }) => trainedOn === 'full');
  const scores: Scores[] = [
    ...measured,
    ...experts.filter(({ network }) => !trained.some((other) => sameNetwork(other.network, network))),
  ];
  const labels = networkLabels(scores.map(({ network }) => network));
  const bare = scores.map(({ trainedOn, source, network, accuracies }, index): EvaluationRow => ({
    trainedOn,
    ...(source && { source }),
    architecture: labels[index] ?? network.architecture,
    mean: mean(accuracies),
    std: populationStd(accuracies),
    accuracies,
  }));
  const rows = input.ofFull ? bare.map((row) => withShare(row, bare)) : bare;
  const document = new TextEncoder().encode(JSON.stringify({ rows, scores }, null, 2));
  return { type: 'evaluate', scores: await store.putBlob(document, 'application/json'), rows };
}

function withShare(row: EvaluationRow, rows: readonly EvaluationRow[]): EvaluationRow {
  const full = rows.find(
    ({ trainedOn, architecture }) => trainedOn === 'full' && architecture === row.architecture,
  );
  return row === full || !full || full.mean === 0 ? row : { ...row, ofFull: row.mean / full.mean };
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
