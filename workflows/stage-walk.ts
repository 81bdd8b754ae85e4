/**
 * @file Walks the graph of stages: each starts as soon as what it needs is done. A stage that fails takes
 * with it only those that need it.
 */
import {
  CancellationScope,
  CancelledFailure,
  ParentClosePolicy,
  executeChild,
  isCancellation,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { UpstreamStage } from '../activities/contract.js';
import type { Plan, PlannedStage } from '../definition/plan.js';
import type { PipelineResult, StageOutput } from '../definition/stages.js';
import { finalFailure, judge, rethrowFaults, type Verdict } from './failures.js';
import type { PipelineProgress } from './pipeline-progress.js';
import type { StageInput, StageOutcome } from './stage-input.js';
import { stageTotal } from './stage-total.js';
import { directNeeds, usedStages } from './upstream.js';

/** Workflow type of each stage type. */
const workflowTypes = {
  'train-experts': 'trainExperts',
  distill: 'distill',
  evaluate: 'evaluate',
  report: 'report',
} as const;

/** A child of the same id left by an earlier run gets this long to end. */
const predecessorChecks = 24;
const predecessorWait = '5 seconds';

type Common = Pick<StageInput, 'source' | 'run' | 'cache'>;

export class StageWalk {
  private readonly walked = new Map<string, Promise<boolean>>();
  private readonly finished = new Map<string, UpstreamStage>();
  private firstFailure: { readonly stage: string; readonly verdict: Verdict } | undefined;

  constructor(
    private readonly plan: Plan,
    private readonly common: Common,
    private readonly progress: PipelineProgress,
  ) {}

  /** @throws ApplicationFailure naming the first stage that failed, once all others have ended */
  async run(): Promise<PipelineResult> {
    const { plan } = this;
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
    return { name: plan.name, seed: plan.seed, stages, reused };
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
    const { run, cache, source } = this.common;
    const input: StageInput = {
      ...this.common,
      stage,
      stageCount: this.plan.stages.length,
      upstream: this.upstreamOf(stage),
      run: cache && stage.cache ? run : { ...run, fresh: source.runId },
    };
    const startedAt = new Date().toISOString();
    this.progress.update(stage.id, { state: 'running', workflowId, startedAt, total: stageTotal(stage) });
    for (let check = 1; ; check += 1) {
      try {
        return await executeChild<(input: StageInput) => Promise<StageOutcome>>(workflowTypes[stage.uses], {
          workflowId,
          args: [input],
          // A terminated pipeline lets its stages stop their compute in good order.
          parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
          staticSummary: `${stage.uses} of ${this.plan.name}`,
        });
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError) || check === predecessorChecks)
          throw error;
        await sleep(predecessorWait);
      }
    }
  }

  private upstreamOf(stage: PlannedStage): StageInput['upstream'] {
    const ids = usedStages(this.plan, stage);
    return Object.fromEntries([...this.finished].filter(([id]) => ids.has(id)));
  }

  private recordFailure(stage: PlannedStage, error: unknown): void {
    rethrowFaults(error);
    if (isCancellation(error)) {
      this.progress.ended(stage.id, { state: 'cancelled' });
      this.firstFailure ??= {
        stage: stage.id,
        verdict: { kind: 'fatal', code: 'ComputeFailed', message: 'the stage was cancelled' },
      };
      return;
    }
    const verdict = judge(error);
    this.progress.ended(stage.id, { state: 'failed', error: verdict.message });
    this.firstFailure ??= { stage: stage.id, verdict };
  }
}
