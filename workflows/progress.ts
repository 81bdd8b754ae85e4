/**
 * @file How far a stage is: answers its `status` query, and tells the pipeline often enough to watch and
 * seldom enough to keep both histories short.
 */
import { getExternalWorkflowHandle, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { PlannedStage } from '../definition/plan.js';
import type { BudgetUse, StageState, StageStatus } from '../definition/stages.js';
import { stageProgress } from './messages.js';
import type { Resumption } from './stage-input.js';
import { stageDetails } from './summary.js';
import type { OnRetry } from './units.js';
import { directNeeds } from './upstream.js';

/** A pipeline hears of a stage at most once per this share of its progress, and on every change of state. */
const signalStep = 0.02;

/** So many repeats are told at once, later ones in batches: preemptions are unlimited, histories are not. */
const toldRepeats = 20;

export class StageProgress {
  private status: StageStatus;
  private signalledDone = 0;
  /** Units of work under way that have been repeated. */
  private readonly uses = new Map<string, BudgetUse>();

  constructor(stage: PlannedStage, total: number, earlier?: Omit<Resumption<unknown>, 'key' | 'position'>) {
    const info = workflowInfo();
    this.status = {
      id: stage.id,
      type: stage.uses,
      state: 'running',
      needs: directNeeds(stage),
      workflowId: info.workflowId,
      done: 0,
      total,
      metrics: {},
      preemptions: earlier?.preemptions ?? 0,
      failures: earlier?.failures ?? 0,
      budget: stage.retry,
      startedAt: earlier?.startedAt ?? info.startTime.toISOString(),
    };
    this.show();
  }

  get current(): StageStatus {
    const [worst] = [...this.uses.values()].sort(
      (a, b) => b.failures - a.failures || b.preemptions - a.preemptions,
    );
    return worst === undefined ? this.status : { ...this.status, budgetUse: worst };
  }

  /** Sets the units done and the latest metrics. */
  at(done: number, metrics: Readonly<Record<string, number>> = {}): void {
    this.status = { ...this.status, done, metrics: { ...this.status.metrics, ...metrics } };
    this.show();
    if (done - this.signalledDone >= this.status.total * signalStep) this.signal();
  }

  /** Counts an attempt that is repeated. */
  readonly retried: OnRetry = (kind, reason, use) => {
    this.uses.set(use.unit, use);
    const { preemptions, failures } = this.status;
    this.status =
      kind === 'preemption'
        ? { ...this.status, preemptions: preemptions + 1, repeated: reason }
        : { ...this.status, failures: failures + 1, repeated: reason };
    this.show();
    const repeats = this.status.preemptions + this.status.failures;
    if (repeats <= toldRepeats || repeats % toldRepeats === 0) this.signal();
  };

  /** A unit of work is done; what it has used of its budget no longer matters. */
  settled(unit: string): void {
    if (this.uses.delete(unit)) this.show();
  }

  /** The stage has come to its end; the pipeline learns it from the child's result. */
  ended(state: StageState, details: Partial<StageStatus>): void {
    this.status = { ...this.status, ...details, state, finishedAt: new Date().toISOString() };
    this.show();
  }

  private show(): void {
    setCurrentDetails(stageDetails(this.current));
  }

  /** Says the first status at once, so that the pipeline knows the total. */
  signal(): void {
    const { parent } = workflowInfo();
    if (parent === undefined) return;
    this.signalledDone = this.status.done;
    // A pipeline that is gone needs no news; cancellation reaches this stage by itself.
    getExternalWorkflowHandle(parent.workflowId)
      .signal(stageProgress, this.current)
      .catch(() => undefined);
  }
}
