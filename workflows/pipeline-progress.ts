/**
 * @file What a pipeline knows about its stages: the answer of its `status` query.
 */
import { setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { Upstream } from '../activities/contract.js';
import type { Plan } from '../definition/plan.js';
import type { Pause, PipelineStatus, StageStatus } from '../definition/stages.js';
import { pipelineDetails, summarise } from './summary.js';
import { directNeeds } from './upstream.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class PipelineProgress {
  private name = workflowInfo().workflowType;
  private state: PipelineStatus['state'] = 'compiling';
  private error: string | undefined;
  private repeated: string | undefined;
  private paused: Pause | undefined;
  private readonly stages = new Map<string, StageStatus>();

  get current(): PipelineStatus {
    const info = workflowInfo();
    const goesOn = this.state === 'running' || this.state === 'compiling';
    const status: Mutable<PipelineStatus> = {
      name: this.name,
      workflowId: info.workflowId,
      runId: info.runId,
      state: goesOn && this.paused !== undefined ? 'paused' : this.state,
      startedAt: info.startTime.toISOString(),
      stages: [...this.stages.values()],
    };
    if (goesOn && this.paused !== undefined) status.paused = this.paused;
    if (this.error !== undefined) status.error = this.error;
    if (this.repeated !== undefined) status.repeated = this.repeated;
    return status;
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
    const imports = (plan.imports ?? []).map(({ id, uses }) => ({ id, uses, needs: [] }));
    const stages = plan.stages.map((stage) => ({ ...stage, needs: directNeeds(stage) }));
    for (const stage of [...imports, ...stages]) {
      this.stages.set(stage.id, {
        id: stage.id,
        type: stage.uses,
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
  retried({ id, type, needs, done, total, metrics, preemptions, failures, workflowId }: StageStatus): void {
    const kept = { id, type, needs, done, total, metrics, preemptions, failures };
    this.replace({ ...kept, state: 'running', ...(workflowId !== undefined && { workflowId }) });
  }

  /** A stage has come to its end. */
  ended(id: string, change: Partial<StageStatus>): void {
    this.update(id, { ...change, finishedAt: new Date().toISOString() });
  }

  finish(state: 'finished' | 'failed' | 'cancelled', error?: string): void {
    this.state = state;
    this.error = error;
    this.show();
  }

  private show(): void {
    setCurrentDetails(pipelineDetails(this.current));
  }
}
