/**
 * @file What stages give to other stages: artifacts, which `with` refers to, and numbers, which conditions
 * look at.
 */
import type { StageType } from './plan.js';
import type { EvaluateOutput, StageOutput } from './stages.js';

type OutputKind = 'artifact' | 'number';

/** Outputs by type of stage, in the order in which messages list them. */
export const stageOutputs: Readonly<Record<StageType, Readonly<Record<string, OutputKind>>>> = {
  'train-experts': { trajectories: 'artifact', count: 'number', accuracy: 'number', std: 'number' },
  distill: {
    result: 'artifact',
    metrics: 'artifact',
    accuracy: 'number',
    iteration: 'number',
    iterations: 'number',
    learnedRate: 'number',
  },
  select: { result: 'artifact', count: 'number' },
  evaluate: { scores: 'artifact', accuracy: 'number', std: 'number' },
  report: { report: 'artifact' },
};

/** The artifacts of a type of stage. */
export function artifactsOf(uses: StageType): string[] {
  return Object.entries(stageOutputs[uses]).flatMap(([name, kind]) => (kind === 'artifact' ? [name] : []));
}

/** The numbers among a finished stage's outputs; one that it has not is absent. */
export function numericOutputs(output: StageOutput): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(numbersOf(output)).flatMap(([name, value]) =>
      value !== undefined && Number.isFinite(value) ? [[name, value]] : [],
    ),
  );
}

function numbersOf(output: StageOutput): Record<string, number | undefined> {
  switch (output.type) {
    case 'train-experts':
      return { count: output.count, accuracy: output.accuracy, std: output.std };
    case 'distill': {
      const { iteration, iterations, learnedRate, candidates } = output;
      const chosen = candidates.find((candidate) => candidate.iteration === iteration);
      return { accuracy: chosen?.accuracy, iteration, iterations, learnedRate };
    }
    case 'select':
      return { count: output.count };
    case 'evaluate': {
      const row = ownRow(output);
      return { accuracy: row?.mean, std: row?.std };
    }
    case 'report':
      return {};
  }
}

/** Of the images that were to be evaluated, on the first network of the list. */
function ownRow({ rows }: EvaluateOutput) {
  return rows.find(({ trainedOn }) => trainedOn === 'distilled' || trainedOn === 'selected');
}
