/**
 * @file Walks the graph of stages: each starts as soon as what it needs is done. A stage that fails takes
 * with it only those that need it.
 */
import {
  CancellationScope,
  CancelledFailure,
  ParentClosePolicy,
  isCancellation,
  patched,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { Upstream, UpstreamKeys, UpstreamStage } from '../activities/contract.js';
import type { DatasetInput } from '../compute/protocol.js';
import { usesOf } from '../definition/custom-stages.js';
import type { Plan, PlannedStage } from '../definition/plan.js';
import { largePlan } from '../definition/limits.js';
import { realImagesPerClass } from '../definition/real-images.js';
import type { PipelineResult, StageOutput } from '../definition/stages.js';
import { finalFailure, judge, rethrowFaults, type Verdict } from './failures.js';
import type { PipelineControl } from './pipeline-control.js';
import type { PipelineProgress } from './pipeline-progress.js';
import { conditionProblem } from './conditions.js';
import { withLateSettings } from './late-settings.js';
import { missingNeeds } from './missing-needs.js';
import { walkWhenReady, type Walker } from './ready-walk.js';
import { Slots } from './slots.js';
import type { StageInput, StageOutcome } from './stage-input.js';
import { stageTotal } from './stage-total.js';
import type { TagsOf } from './tags.js';
import { withPerClass } from './per-class.js';
import { directNeeds, mainArtifact, usedStages } from './upstream.js';

/** Workflow type of each stage type. */
const workflowTypes = {
  'train-experts': 'trainExperts',
  distill: 'distill',
  select: 'select',
  evaluate: 'evaluate',
  report: 'report',
  custom: 'customStage',
} as const;

/** A child of the same id left by an earlier run gets this long to end. */
const predecessorChecks = 24;
const predecessorWait = '5 seconds';

/** Stages of a large plan that run at once; the server bounds the children of a workflow. */
const mostChildren = 500;

type Common = Pick<StageInput, 'source' | 'run' | 'cache'>;

interface Exceptions {
  /** Results of other runs, which stand for stages of this one. */
  readonly imported: Upstream;
  /** Stages that are computed although their results may be there. */
  readonly recomputed: ReadonlySet<string>;
  /** What the workflow of a stage is tagged with. */
  readonly tagsOf: TagsOf;
}

/**
 * How the walk to a stage has ended: with a result; without one, which a report can do without; without one
 * that was to be there.
 */
export type Ending = 'result' | 'left-out' | 'missing';

export class StageWalk implements Walker {
  private readonly walked = new Map<string, Promise<Ending>>();
  /** How many cells of a matrix may run at once, by the stage they are of. */
  private readonly slots = new Map<string, Slots>();
  private readonly children: Slots | undefined;
  private readonly finished = new Map<string, UpstreamStage>();
  private firstFailure: { readonly stage: string; readonly verdict: Verdict } | undefined;
  /** Why stages have no result that the pipeline goes on without. */
  private readonly tolerated: Record<string, string> = {};
  /** Why stages did not run that were not to. */
  private readonly skipped: Record<string, string> = {};

  constructor(
    private readonly plan: Plan,
    private readonly common: Common,
    private readonly exceptions: Exceptions,
    private readonly progress: PipelineProgress,
    private readonly control: PipelineControl,
  ) {
    for (const { matrix, maxParallel } of plan.stages)
      if (matrix !== undefined && !this.slots.has(matrix.of))
        this.slots.set(matrix.of, new Slots(maxParallel));
    if (isLarge(plan)) this.children = new Slots(mostChildren);
  }

  /** @throws ApplicationFailure naming the first stage that failed, once all others have ended */
  async run(): Promise<PipelineResult> {
    const { plan } = this;
    const imported = Object.entries(this.exceptions.imported);
    for (const [id, stage] of imported) this.finished.set(id, stage);
    if (isLarge(plan) && patched('walk-when-ready')) {
      await walkWhenReady(plan.stages, Object.keys(this.exceptions.imported), this);
    } else {
      for (const [id] of imported) this.walked.set(id, Promise.resolve('result'));
      for (const stage of plan.stages) this.walked.set(stage.id, this.walk(stage));
      await Promise.all(this.walked.values());
    }
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('pipeline cancelled');
    if (this.firstFailure !== undefined) {
      const { stage, verdict } = this.firstFailure;
      throw finalFailure(verdict.code, `stage ${stage}: ${verdict.message}`);
    }
    const stages: Record<string, StageOutput> = {};
    const keys: Record<string, string> = {};
    const reused: string[] = [];
    for (const [id, { stage, manifest, state }] of this.finished) {
      if (stage.matrix !== undefined && isLarge(plan)) keys[id] = manifest.key;
      else stages[id] = manifest.output;
      if (state === 'cached') reused.push(id);
    }
    return {
      name: plan.name,
      seed: plan.seed,
      stages,
      reused,
      ...(Object.keys(keys).length > 0 && { keys }),
      ...(Object.keys(this.skipped).length > 0 && { skipped: this.skipped }),
      ...(Object.keys(this.tolerated).length > 0 && { failed: this.tolerated }),
    };
  }

  private async walk(stage: PlannedStage): Promise<Ending> {
    // Plans list stages after what they need, so these walks have begun.
    const needs = directNeeds(stage);
    const endings = await Promise.all(needs.map(async (id) => this.walked.get(id)));
    const ending = this.endWithout(stage, needs, endings);
    if (ending !== undefined) return ending;
    const taken = this.slotsOf(stage);
    for (const one of taken) await one.take();
    return await this.runStage(stage, taken);
  }

  endWithout(
    stage: PlannedStage,
    needs: readonly string[],
    endings: readonly (Ending | undefined)[],
  ): Ending | undefined {
    if (CancellationScope.current().consideredCancelled) return this.leave(stage, 'cancelled');
    const missing = missingNeeds(this.plan, stage, needs, endings);
    if (missing !== undefined) {
      const { ending, reason } = missing;
      this.progress.ended(stage.id, {
        state: 'skipped',
        ...(ending === 'left-out' ? { summary: reason } : { error: reason }),
      });
      if (ending === 'left-out') this.skipped[stage.id] = reason;
      return ending;
    }
    return stage.when === undefined ? undefined : this.decide(stage, stage.when);
  }

  slotsOf(stage: PlannedStage): Slots[] {
    return [this.slots.get(stage.matrix?.of ?? ''), this.children].filter((one) => one !== undefined);
  }

  /** Failures of the stage are recorded, not thrown. */
  async runStage(stage: PlannedStage, taken: readonly Slots[]): Promise<Ending> {
    try {
      if (this.control.gate.current !== undefined) await this.control.gate.passed();
      if (taken.length > 0 && CancellationScope.current().consideredCancelled)
        return this.leave(stage, 'cancelled');
      const settled = await withLateSettings(this.plan, stage, this.finished);
      const { state, manifest, status } = await this.runChild(settled);
      const { preemptions, failures } = status;
      this.finished.set(stage.id, { stage: settled, manifest, state, preemptions, failures });
      this.progress.replace(status);
      return 'result';
    } catch (error) {
      return this.recordFailure(stage, error);
    } finally {
      for (const one of taken) one.giveBack();
    }
  }

  /** How the walk ends when the stage is not to run. */
  private decide(stage: PlannedStage, when: NonNullable<PlannedStage['when']>): Ending | undefined {
    try {
      const reason = conditionProblem(when, (id) => this.finished.get(id)?.manifest.output);
      if (reason === undefined) return undefined;
      this.progress.ended(stage.id, { state: 'skipped', summary: reason });
      this.skipped[stage.id] = reason;
      return 'left-out';
    } catch (error) {
      return this.recordFailure(stage, error);
    }
  }

  private leave(stage: PlannedStage, state: 'cancelled'): Ending {
    this.progress.ended(stage.id, { state });
    return 'missing';
  }

  private async runChild(stage: PlannedStage): Promise<StageOutcome> {
    const workflowId = `${workflowInfo().workflowId}/${stage.id}`;
    const { run, source } = this.common;
    const cache = this.common.cache && !this.exceptions.recomputed.has(stage.id);
    const found = this.upstreamOf(stage);
    const context = { ...run, dataset: this.datasetFor(stage, found.upstream) };
    const input: StageInput = {
      ...this.common,
      cache,
      stage,
      stageCount: this.plan.stages.length,
      ...found,
      run: cache && stage.cache ? context : { ...context, fresh: source.runId },
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
          staticSummary: `${usesOf(stage)} of ${this.plan.name}`,
          ...this.exceptions.tagsOf(stage),
          // Its activities inherit it.
          ...(stage.priority !== undefined && { priority: { priorityKey: stage.priority } }),
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

  /** Late settings may draw more real images of a class than was known when the data set was looked at. */
  private datasetFor(stage: PlannedStage, upstream: Upstream): DatasetInput {
    const sources = Object.values(upstream).map((one) => one.stage);
    return withPerClass(this.common.run.dataset, realImagesPerClass([stage], sources));
  }

  private upstreamOf(stage: PlannedStage): Pick<StageInput, 'upstream' | 'upstreamKeys'> {
    const ids = usedStages(this.plan, stage);
    const used = [...this.finished].filter(([id]) => ids.has(id));
    if (stage.uses !== 'report' || !isLarge(this.plan)) return { upstream: Object.fromEntries(used) };
    const imported = (id: string): boolean => Object.hasOwn(this.exceptions.imported, id);
    const keys = used
      .filter(([id]) => !imported(id))
      .map(([id, { manifest, state, preemptions, failures }]) => {
        const { key, output } = manifest;
        return [id, { key, sha256: mainArtifact(output).sha256, state, preemptions, failures }] as const;
      });
    return {
      upstream: Object.fromEntries(used.filter(([id]) => imported(id))),
      upstreamKeys: Object.fromEntries(keys) satisfies UpstreamKeys,
    };
  }

  private recordFailure(stage: PlannedStage, error: unknown): Ending {
    rethrowFaults(error);
    const cancelled = isCancellation(error);
    const verdict: Verdict = cancelled
      ? { kind: 'fatal', code: 'ComputeFailed', message: 'the stage was cancelled' }
      : judge(error);
    this.progress.ended(
      stage.id,
      cancelled ? { state: 'cancelled' } : { state: 'failed', error: verdict.message },
    );
    if (stage.onFailure !== 'continue') {
      this.firstFailure ??= { stage: stage.id, verdict };
      return 'missing';
    }
    this.tolerated[stage.id] = verdict.message;
    // Of a matrix the other cells are left to report on.
    return stage.matrix === undefined ? 'missing' : 'left-out';
  }
}

/** Whether what all stages have to say is too much for one message. */
function isLarge({ stages }: Plan): boolean {
  return stages.length > largePlan;
}
