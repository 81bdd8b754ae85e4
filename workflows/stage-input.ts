/**
 * @file What a stage workflow is started with and what it returns.
 */
import type { ReportSource, RunContext, Upstream, UpstreamKeys } from '../activities/contract.js';
import type { PlannedStage } from '../definition/plan.js';
import type { BudgetUse, EngineInfo, StageManifest, StageStatus } from '../definition/stages.js';
import type { CarriedControl } from './stage-control.js';

export interface StageInput<S extends PlannedStage = PlannedStage, Position = undefined> {
  readonly stage: S;
  readonly run: RunContext;
  /** Finished stages that this one uses results of; for a report all that it needs, through others too. */
  readonly upstream: Upstream;
  /** In place of `upstream` for a report of so many stages that those would be too large a message. */
  readonly upstreamKeys?: UpstreamKeys;
  /** The pipeline this stage belongs to. */
  readonly source: ReportSource;
  /** Stages of the pipeline: the more, the less each says. Absent in what older versions started. */
  readonly stageCount?: number;
  /** Whether an earlier result may be used. */
  readonly cache: boolean;
  /** Set when the stage goes on in a new run: for a short history, or when it is retried. */
  readonly resume?: Resumption<Position>;
  /** What the stage was told in the run before. */
  readonly control?: CarriedControl;
}

/** What a stage carries from one run to the next; kept small, as it is a payload. */
export interface Resumption<Position> {
  /** Identity of the result, once known. */
  readonly key?: string | undefined;
  /** ISO time at which the first run of the stage began; absent in what older versions have left. */
  readonly startedAt?: string;
  readonly preemptions: number;
  readonly failures: number;
  /** Units done, as shown in the status. */
  readonly done?: number;
  /** What ran the numbers so far. */
  readonly engine?: EngineInfo | undefined;
  /** What unfinished units have used of their budgets. */
  readonly uses?: readonly BudgetUse[];
  readonly position?: Position | undefined;
}

export interface StageOutcome {
  readonly state: 'finished' | 'cached';
  readonly manifest: StageManifest;
  /** The stage's last status, with its summary and counters. */
  readonly status: StageStatus;
}
