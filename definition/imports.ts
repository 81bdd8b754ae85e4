/**
 * @file Results that a definition takes from elsewhere: `from: WORKFLOW-ID/STAGE`, or `from: sha256:KEY`.
 */
import type { StageType } from './plan.js';

/** A stage of a run by name, or the key of a result. */
export type ImportSource = StageOfRun | { readonly key: string };

export interface StageOfRun {
  readonly workflowId: string;
  readonly stage: string;
}

/** Types of stage whose results others build on; of an evaluation, its numbers and its scores. */
export const importedTypes = ['train-experts', 'distill', 'select', 'evaluate'] as const;

/** A stage that is not computed: its result is that of another run. */
export interface ImportedStage {
  readonly id: string;
  readonly uses: (typeof importedTypes)[number] & StageType;
  readonly from: ImportSource;
}

/** The stage may be a cell of a matrix, as in `sweep/distill[ipc=10]`. */
const stageOfRun = /^(?<workflowId>.+)\/(?<stage>[a-z][a-z0-9-]{0,62}(?:\[[^[\]]*\])?)$/;
const resultKey = /^(?:sha256:)?(?<key>[0-9a-f]{64})$/;

/** Reads `fmnist/experts`; undefined when it is not of that form. Also the id of a stage's workflow. */
export function parseStageOfRun(text: string): StageOfRun | undefined {
  const { workflowId, stage } = stageOfRun.exec(text)?.groups ?? {};
  return workflowId === undefined || stage === undefined ? undefined : { workflowId, stage };
}

/** Reads what `from` says; undefined when it is of neither form. */
export function parseImportSource(text: string): ImportSource | undefined {
  const { key } = resultKey.exec(text)?.groups ?? {};
  return key === undefined ? parseStageOfRun(text) : { key };
}

/** As a definition says it. */
export function importSourceText(source: ImportSource): string {
  return 'key' in source ? `sha256:${source.key}` : `${source.workflowId}/${source.stage}`;
}
