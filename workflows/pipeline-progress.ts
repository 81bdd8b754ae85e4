/**
 * @file What a pipeline knows about its stages: the answer of its `status` query.
 */
import { log, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { Upstream } from '../activities/contract.js';
import { usesOf } from '../definition/custom-stages.js';
import { largePlan } from '../definition/limits.js';
import type { Plan } from '../definition/plan.js';
import type { Pause, PipelineStatus, StageStatus } from '../definition/stages.js';
import { matrixStatuses } from './matrix-status.js';
import { pipelineDetails, summarise } from './summary.js';
import { directNeeds } from './upstream.js';

/** Cells of a large plan that a status names, beside the other stages. */
const mostCells = 200;
/** Milliseconds between two pictures of a large plan in the Temporal UI. */
const shownEvery = 5_000;
/** What of a large plan is worth telling of each cell. */
const notable: ReadonlySet<StageStatus['state']> = new Set(['running', 'paused', 'failed', 'cancelled']);

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class PipelineProgress {
  private name = workflowInfo().workflowType;
  private state: PipelineStatus['state'] = 'compiling';
  private error: string | undefined;
  private repeated: string | undefined;
  private paused: Pause | undefined;
  private readonly stages = new Map<string, StageStatus>();
  private shownAt = 0;

  get current(): PipelineStatus {
    const info = workflowInfo();
    const goesOn = this.state === 'running' || this.state === 'compiling';
    const status: Mutable<PipelineStatus> = {
      name: this.name,
      workflowId: info.workflowId,
      runId: info.runId,
      state: goesOn && this.paused !== undefined ? 'paused' : this.state,
      startedAt: info.startTime.toISOString(),
      stages: this.told,
    };
    const matrices = matrixStatuses(this.stages.values());
    if (matrices.length > 0) status.matrices = matrices;
    if (goesOn && this.paused !== undefined) status.paused = this.paused;
    if (this.error !== undefined) status.error = this.error;
    if (this.repeated !== undefined) status.repeated = this.repeated;
    return status;
  }

  /** The status of a stage, whether or not it is told. */
  stage(id: string): StageStatus | undefined {
    return this.stages.get(id);
  }

  /** Ids of failed stages that wait to be started again. */
  get waitingForRetry(): string[] {
    return [...this.stages.values()].flatMap(({ id, retryWith }) => (retryWith === undefined ? [] : [id]));
  }

  /** All stages; of very many, the cells of which there is something to say. */
  private get told(): StageStatus[] {
    const all = [...this.stages.values()];
    if (all.length <= largePlan) return all;
    let cells = 0;
    return all.filter(
      ({ matrix, state }) => matrix === undefined || (notable.has(state) && ++cells <= mostCells),
    );
  }

  /** Something before the stages is tried again, for this reason; undefined once it has succeeded. */
  repeat(reason: string | undefined): void {
    this.repeated = reason;
    this.show();
  }

  /** The pipeline is paused, or goes on. */
  pause(pause: Pause | undefined): void {
    this.paused = pause;
    this.show();
  }

  /** Shows the plan's stages, all waiting. */
  planned(plan: Plan): void {
    this.name = plan.name;
    this.state = 'running';
    const imports = (plan.imports ?? []).map(({ id, uses }) => ({ id, type: uses, needs: [] }));
    const stages = plan.stages.map((stage) => ({ ...stage, type: usesOf(stage), needs: directNeeds(stage) }));
    const all: readonly Pick<StageStatus, 'id' | 'matrix' | 'type' | 'needs'>[] = [...imports, ...stages];
    for (const stage of all) {
      this.stages.set(stage.id, {
        id: stage.id,
        ...(stage.matrix && { matrix: stage.matrix }),
        type: stage.type,
        state: 'waiting',
        needs: stage.needs,
        done: 0,
        total: 0,
        metrics: {},
        preemptions: 0,
        failures: 0,
      });
    }
    this.show();
  }

  /** Results of other runs are there. */
  imported(stages: Upstream): void {
    for (const [id, { manifest }] of Object.entries(stages))
      this.ended(id, { state: 'cached', done: 1, total: 1, summary: summarise(manifest.output) });
  }

  /** Changes what is known of a stage; one that has ended no longer changes by late news. */
  update(id: string, change: Partial<StageStatus>): void {
    const status = this.stages.get(id);
    if (status === undefined || status.finishedAt !== undefined) return;
    this.stages.set(id, { ...status, ...change });
    this.show();
  }

  /** Takes a stage's own status for what is known of it. */
  replace(status: StageStatus): void {
    const known = this.stages.get(status.id);
    if (known === undefined || known.finishedAt !== undefined) return;
    this.stages.set(status.id, status);
    this.show();
  }

  /** A failed stage is started again; its own news follow. */
  retried(status: StageStatus): void {
    const { id, matrix, type, needs, done, total, metrics, preemptions, failures, workflowId } = status;
    const kept = { id, ...(matrix && { matrix }), type, needs, done, total, metrics, preemptions, failures };
    this.replace({ ...kept, state: 'running', ...(workflowId !== undefined && { workflowId }) });
  }

  /** A stage has come to its end. */
  ended(id: string, change: Partial<StageStatus>): void {
    this.update(id, { ...change, finishedAt: new Date().toISOString() });
  }

  finish(state: 'finished' | 'failed' | 'cancelled', error?: string): void {
    this.state = state;
    this.error = error;
    log.info(`pipeline ${state}`, { stage: '', reason: error ?? '' });
    this.show();
  }

  /** Of very many stages seldom: everything is looked through each time, and a worker gives code seconds only. */
  private show(): void {
    const now = new Date().getTime();
    if (this.stages.size > largePlan && this.state === 'running' && now - this.shownAt < shownEvery) return;
    this.shownAt = now;
    setCurrentDetails(pipelineDetails(this.current));
  }
}
