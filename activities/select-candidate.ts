/**
 * @file `selectCandidate`: the reported iteration, by accuracy on the held-out split.
 */
import { mean, populationStd, selectCandidate as best } from '../distillation/selection.js';
import type { DistillOutput } from '../definition/stages.js';
import { DistilleryError } from '../errors/errors.js';
import type { Candidate, SelectCandidateInput } from './contract.js';

/** Without held-out images nothing was evaluated, and the last iteration is the result. */
export function selectCandidate({ candidates, iterations, metrics }: SelectCandidateInput): DistillOutput {
  const evaluated = candidates
    .filter(({ accuracies }) => accuracies.length > 0)
    .map((candidate) => ({
      ...candidate,
      accuracy: mean(candidate.accuracies),
      std: populationStd(candidate.accuracies),
    }));
  const chosen: Candidate | undefined = evaluated.length > 0 ? best(evaluated) : candidates.at(-1);
  if (chosen === undefined) {
    throw new DistilleryError(
      'InvalidDefinition',
      'There is no candidate to select; distil at least one iteration.',
    );
  }
  return {
    type: 'distill',
    result: chosen.result,
    metrics,
    iteration: chosen.iteration,
    iterations,
    learnedRate: chosen.learnedRate,
    candidates: evaluated.map(({ iteration, accuracy, std }) => ({ iteration, accuracy, std })),
    ...(chosen.kernelAccuracy && { kernelAccuracy: chosen.kernelAccuracy }),
  };
}
