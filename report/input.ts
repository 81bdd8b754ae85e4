/**
 * @file What a report is made from: the plan, the stages' outputs, and who ran it where.
 */
import type { Reference } from '../artifacts/reference.js';
import type { Plan } from '../definition/plan.js';
import type { StageManifest, StageOutput, StageState } from '../definition/stages.js';

/** One stage as the pipeline saw it when the report was asked for. */
export interface ReportedStage {
  readonly output: StageOutput;
  /** `cached` when an earlier result was taken, `finished` when this run computed it. */
  readonly state: StageState;
  /** Where and when it was computed, on which engine, how long it took. */
  readonly manifest?: StageManifest;
  /** Lost or leaving workers during the stage. Default 0. */
  readonly preemptions?: number;
  /** Errors of the work that were retried. Default 0. */
  readonly failures?: number;
}

export interface ReportInput {
  readonly plan: Plan;
  /** The definition as it was sent, or an empty string when the run was started from an object. */
  readonly definitionText: string;
  /** `DatasetManifest`. */
  readonly dataset: Reference;
  /** Finished stages by stage id; what is missing is left out of the report. */
  readonly stages: Readonly<Record<string, ReportedStage>>;
  readonly workflowId: string;
  readonly runId: string;
  /** ISO times of the run from the workflow clock. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** The `temporal workflow start ...` line that would start the same run. */
  readonly temporalCommand: string;
  /** Version by name: distillery, node, tensorflow, temporal, ... */
  readonly versions: Readonly<Record<string, string>>;
  readonly seed: number;
}
