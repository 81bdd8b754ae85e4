/**
 * @file Walks the graph of stages: each starts as soon as what it needs is done. A stage that fails takes
 * with it only those that need it.
 */
import {
  CancellationScope,
  CancelledFailure,
  ParentClosePolicy,
  isCancellation,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { Upstream, UpstreamStage } from '../activities/contract.js';
import type { Plan, PlannedStage } from '../definition/plan.js';
import type { PipelineResult, StageOutput } from '../definition/stages.js';
import { finalFailure, judge, rethrowFaults, type Verdict } from './failures.js';
import type { PipelineControl } from './pipeline-control.js';
import type { PipelineProgress } from './pipeline-progress.js';
import type { StageInput, StageOutcome } from './stage-input.js';
import { stageTotal } from './stage-total.js';
import { directNeeds, usedStages } from './upstream.js';

/** Workflow type of each stage type. */
const workflowTypes = {
  'train-experts': 'trainExperts',
  distill: 'distill',
  select: 'select',
  evaluate: 'evaluate',
  report: 'report',
} as const;

/** A child of the same id left by an earlier run gets this long to end. */
const predecessorChecks = 24;
const predecessorWait = '5 seconds';

type Common = Pick<StageInput, 'source' | 'run' | 'cache'>;

interface Exceptions {
  /** Results of other runs, which stand for stages of this one. */
  readonly imported: Upstream;
  /** Stages that are computed although their results may be there. */
  readonly recomputed: ReadonlySet<string>;
}

export class StageWalk {
  private readonly walked = new Map<string, Promise<boolean>>();
  private readonly finished = new Map<string, UpstreamStage>();
  private firstFailure: { readonly stage: string; readonly verdict: Verdict } | undefined;
  /** Why stages have no result that the pipeline goes on without. */
  private readonly tolerated: Record<string, string> = {};

  constructor(
    private readonly plan: Plan,
    private readonly common: Common,
    private readonly exceptions: Exceptions,
    private readonly progress: PipelineProgress,
    private readonly control: PipelineControl,
  ) {}

  /** @throws ApplicationFailure naming the first stage that failed, once all others have ended */
  async run(): Promise<PipelineResult> {
    const { plan } = this;
    for (const [id, stage] of Object.entries(this.exceptions.imported)) {
      this.walked.set(id, Promise.resolve(true));
      this.finished.set(id, stage);
    }
    for (const stage of plan.stages) this.walked.set(stage.id, this.walk(stage));
    await Promise.all(this.walked.values());
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('pipeline cancelled');
    if (this.firstFailure !== undefined) {
      const { stage, verdict } = this.firstFailure;
      throw finalFailure(verdict.code, `stage ${stage}: ${verdict.message}`);
    }
    const stages: Record<string, StageOutput> = {};
    const reused: string[] = [];
    for (const [id, { manifest, state }] of this.finished) {
      stages[id] = manifest.output;
      if (state === 'cached') reused.push(id);
    }
    const failed = Object.keys(this.tolerated).length > 0 ? { failed: this.tolerated } : {};
    return { name: plan.name, seed: plan.seed, stages, reused, ...failed };
  }

  /** Whether the stage has a result. Failures of the stage are recorded, not thrown. */
  private async walk(stage: PlannedStage): Promise<boolean> {
    // Plans list stages after what they need, so these walks have begun.
    const needs = await Promise.all(directNeeds(stage).map(async (id) => this.walked.get(id)));
    if (CancellationScope.current().consideredCancelled) {
      this.progress.ended(stage.id, { state: 'cancelled' });
      return false;
    }
    if (!needs.every((done) => done === true)) {
      this.progress.ended(stage.id, { state: 'skipped', error: 'a stage it needs has no result' });
      return false;
    }
    try {
      if (this.control.gate.current !== undefined) await this.control.gate.passed();
      const { state, manifest, status } = await this.runChild(stage);
      const { preemptions, failures } = status;
      this.finished.set(stage.id, { stage, manifest, state, preemptions, failures });
      this.progress.replace(status);
      return true;
    } catch (error) {
      this.recordFailure(stage, error);
      return false;
    }
  }

  private async runChild(stage: PlannedStage): Promise<StageOutcome> {
    const workflowId = `${workflowInfo().workflowId}/${stage.id}`;
    const { run, source } = this.common;
    const cache = this.common.cache && !this.exceptions.recomputed.has(stage.id);
    const input: StageInput = {
      ...this.common,
      cache,
      stage,
      stageCount: this.plan.stages.length,
      upstream: this.upstreamOf(stage),
      run: cache && stage.cache ? run : { ...run, fresh: source.runId },
    };
    const startedAt = new Date().toISOString();
    this.progress.update(stage.id, { state: 'running', workflowId, startedAt, total: stageTotal(stage) });
    for (let check = 1; ; check += 1) {
      try {
        const type = workflowTypes[stage.uses];
        const child = await startChild<(input: StageInput) => Promise<StageOutcome>>(type, {
          workflowId,
          args: [input],
          // A terminated pipeline lets its stages stop their compute in good order.
          parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
          staticSummary: `${stage.uses} of ${this.plan.name}`,
        });
        await this.control.started(stage.id, child);
        return await child.result();
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError) || check === predecessorChecks)
          throw error;
        await sleep(predecessorWait);
      } finally {
        this.control.ended(stage.id);
      }
    }
  }

  private upstreamOf(stage: PlannedStage): StageInput['upstream'] {
    const ids = usedStages(this.plan, stage);
    return Object.fromEntries([...this.finished].filter(([id]) => ids.has(id)));
  }

  private recordFailure(stage: PlannedStage, error: unknown): void {
    rethrowFaults(error);
    const cancelled = isCancellation(error);
    const verdict: Verdict = cancelled
      ? { kind: 'fatal', code: 'ComputeFailed', message: 'the stage was cancelled' }
      : judge(error);
    this.progress.ended(
      stage.id,
      cancelled ? { state: 'cancelled' } : { state: 'failed', error: verdict.message },
    );
    if (stage.onFailure === 'continue') this.tolerated[stage.id] = verdict.message;
    else this.firstFailure ??= { stage: stage.id, verdict };
  }
}
