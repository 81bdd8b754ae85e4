/**
 * @file `run.json`: what the report says, for programs.
 */
import type { Reference } from '../artifacts/reference.js';
import { engines } from './engines.js';
import type { Findings } from './findings.js';
import { summarise } from './summary.js';

/** Version of the layout of `run.json`. */
const format = 1;

/**
 * Plain JSON.
 * @param folder key prefix of the result folder, ending in `/`.
 * @param files those of the folder, all but `run.json` itself; recorded by their names inside it.
 */
export function runRecord(
  findings: Findings,
  folder: string,
  files: readonly Reference[],
): Record<string, unknown> {
  const { input, dataset, trainingImages } = findings;
  return {
    format,
    pipeline: input.plan.name,
    result: summarise(findings).replaceAll('\u00a0', ' '),
    seed: input.seed,
    workflowId: input.workflowId,
    runId: input.runId,
    startedAt: input.startedAt,
    finishedAt: input.finishedAt,
    command: input.temporalCommand,
    definition: input.definitionText,
    plan: input.plan,
    dataset: {
      name: dataset.name,
      manifest: input.dataset,
      shape: dataset.shape,
      classNames: dataset.classNames,
      mean: dataset.mean,
      std: dataset.std,
      trainingImages,
      holdout: input.plan.dataset.holdout,
      testImages: dataset.test.count,
    },
    versions: input.versions,
    engines: engines(input),
    stages: input.stages,
    files: files.map(({ key, sha256, bytes }) => ({ name: key.slice(folder.length), sha256, bytes })),
  };
}
