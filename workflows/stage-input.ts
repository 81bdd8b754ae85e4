/**
 * @file What a stage workflow is started with and what it returns.
 */
import type { ReportSource, RunContext, Upstream } from '../activities/contract.js';
import type { PlannedStage } from '../definition/plan.js';
import type { StageManifest, StageStatus } from '../definition/stages.js';

export interface StageInput<S extends PlannedStage = PlannedStage, Position = undefined> {
  readonly stage: S;
  readonly run: RunContext;
  /** Finished stages that this one needs, directly or through others. */
  readonly upstream: Upstream;
  /** The pipeline this stage belongs to. */
  readonly source: ReportSource;
  /** Whether an earlier result may be used. */
  readonly cache: boolean;
  /** Set when the stage goes on in a new run after continue-as-new. */
  readonly resume?: Resumption<Position>;
}

/** What a stage carries from one run to the next; kept small, as it is a payload. */
export interface Resumption<Position> {
  readonly key: string;
  /** ISO time at which the first run of the stage began; absent in what older versions have left. */
  readonly startedAt?: string;
  readonly preemptions: number;
  readonly failures: number;
  readonly position: Position;
}

export interface StageOutcome {
  readonly state: 'finished' | 'cached';
  readonly manifest: StageManifest;
  /** The stage's last status, with its summary and counters. */
  readonly status: StageStatus;
}
