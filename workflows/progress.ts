/**
 * @file How far a stage is: answers its `status` query, and tells the pipeline often enough to watch and
 * seldom enough to keep both histories short.
 */
import {
  getExternalWorkflowHandle,
  log,
  patched,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import { usesOf } from '../definition/custom-stages.js';
import type { PlannedStage } from '../definition/plan.js';
import type { BudgetUse, StageState, StageStatus } from '../definition/stages.js';
import { stageProgress } from './messages.js';
import { FewSignals, ManySignals, type SignalSchedule } from './signal-schedule.js';
import type { Resumption } from './stage-input.js';
import { stageTotal } from './stage-total.js';
import { stageDetails } from './summary.js';
import type { OnRetry } from './units.js';
import { directNeeds } from './upstream.js';

export class StageProgress {
  private status: StageStatus;
  private readonly schedule: SignalSchedule;
  /** Units of work under way that have been repeated. */
  private readonly uses: Map<string, BudgetUse>;

  constructor(
    stage: PlannedStage,
    stageCount: number,
    earlier?: Omit<Resumption<unknown>, 'key' | 'position'>,
  ) {
    const info = workflowInfo();
    // Pipelines that an older version started expect, on replay, the signals which that version sent.
    this.uses = new Map(earlier?.uses?.map((use) => [use.unit, use]));
    this.schedule = patched('few-signals') ? new FewSignals(stageCount) : new ManySignals();
    this.status = {
      id: stage.id,
      ...(stage.matrix && { matrix: stage.matrix }),
      type: usesOf(stage),
      state: 'running',
      needs: directNeeds(stage),
      workflowId: info.workflowId,
      done: earlier?.done ?? 0,
      total: stageTotal(stage),
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
    const before = this.status;
    this.status = { ...before, done, metrics: { ...before.metrics, ...metrics } };
    this.show();
    if (this.schedule.tellsProgress(before.done, done, before.total)) this.signal();
  }

  /** Counts an attempt that is repeated. */
  readonly retried: OnRetry = (kind, reason, use) => {
    this.uses.set(use.unit, use);
    log.info(`${use.unit} is repeated after a ${kind}`, { stage: this.status.id, reason });
    const { preemptions, failures } = this.status;
    this.status =
      kind === 'preemption'
        ? { ...this.status, preemptions: preemptions + 1, repeated: reason }
        : { ...this.status, failures: failures + 1, repeated: reason };
    this.show();
    const { preemptions: lost, failures: failed, done } = this.status;
    if (this.schedule.tellsRepeat(lost + failed, done)) this.signal();
  };

  /** A unit of work is done; what it has used of its budget no longer matters. */
  settled(unit: string): void {
    if (this.uses.delete(unit)) this.show();
  }

  /** What the unit has used of its budget so far. */
  used(unit: string): BudgetUse {
    return this.uses.get(unit) ?? { unit, failures: 0, preemptions: 0 };
  }

  /** What the next run of the stage has to know to go on counting. */
  get carried(): Pick<Resumption<unknown>, 'preemptions' | 'failures' | 'done' | 'uses'> {
    const { preemptions, failures, done } = this.status;
    return { preemptions, failures, done, uses: [...this.uses.values()] };
  }

  /** There is no earlier result: the work begins, or goes on in a new run. */
  began(): void {
    log.info('stage began', { stage: this.status.id });
    if (this.schedule.tellsBegin) this.signal();
  }

  /** Whether the stage stands still because of a pause. */
  stands(still: boolean): void {
    const state = still ? 'paused' : 'running';
    const other = still ? 'running' : 'paused';
    if (this.status.state === other) this.tell({ state });
  }

  /** The stage has failed and waits for somebody to start it again. */
  waitsForRetry(error: string): void {
    const pipeline = workflowInfo().parent?.workflowId ?? '';
    const { id } = this.status;
    // The brackets of a cell mean something to a shell.
    const retryWith = `distillery retry ${pipeline} ${id.includes('[') ? `'${id}'` : id}`;
    this.tell({ state: 'failed', error, retryWith });
  }

  /** Something that should be known, although it does not change how the stage ends. */
  notes(error: string): void {
    this.tell({ error });
  }

  private tell(change: Partial<StageStatus>): void {
    this.status = { ...this.status, ...change };
    this.show();
    this.signal();
  }

  /** The stage has come to its end; the pipeline learns it from the child's result. */
  ended(state: StageState, details: Partial<StageStatus>): void {
    this.status = { ...this.status, ...details, state, finishedAt: new Date().toISOString() };
    log.info(`stage ${state}`, { stage: this.status.id, reason: details.error ?? '' });
    this.show();
  }

  private show(): void {
    setCurrentDetails(stageDetails(this.current));
  }

  private signal(): void {
    const { parent } = workflowInfo();
    if (parent === undefined) return;
    // A pipeline that is gone needs no news; cancellation reaches this stage by itself.
    getExternalWorkflowHandle(parent.workflowId)
      .signal(stageProgress, this.current)
      .catch(() => undefined);
  }
}
