/**
 * @file What all stage workflows have in common: use an earlier result if there is one, else work, and
 * record the result last; pause, retry and cancel.
 */
import {
  CancellationScope,
  continueAsNew,
  isCancellation,
  setHandler,
  workflowInfo,
  type TemporalFailure,
} from '@temporalio/workflow';
import type { StageInputs } from '../activities/contract.js';
import type { ComputeTasks, UnitOfWork, UnitTaskName } from '../compute/protocol.js';
import type { PlannedStage } from '../definition/plan.js';
import type { EngineInfo, StageOutput } from '../definition/stages.js';
import { finalFailure, judge, rethrowFaults } from './failures.js';
import { GoOnInNewRun } from './history.js';
import { stageStatus } from './messages.js';
import { StageProgress } from './progress.js';
import { attemptCompute, light } from './proxies.js';
import { StageControl } from './stage-control.js';
import type { Resumption, StageInput, StageOutcome } from './stage-input.js';
import { summarise } from './summary.js';
import { runUnit } from './units.js';

export interface StageWork<Position = undefined> {
  /** Identity of the result being made. */
  readonly key: string;
  readonly progress: StageProgress;
  /** Runs a unit of work within the stage's budgets, counting repeats in its status. */
  unit<T>(what: string, attempt: () => Promise<T>): Promise<T>;
  /** As `unit`, for work that a pause stops and that is done again afterwards. */
  stoppable<T>(what: string, attempt: (what: string) => Promise<T>): Promise<T>;
  /** Runs a compute task as a unit of work. */
  compute<K extends UnitTaskName>(
    task: K,
    what: string,
    input: ComputeTasks[K]['input'],
  ): Promise<ComputeTasks[K]['result']>;
  /** Says what ran the numbers; recorded with the result. */
  ranOn(engine: EngineInfo): void;
  /** Says where the next run begins, should work throw `GoOnInNewRun` or the stage be retried. */
  resumeFrom(position: () => Position): void;
}

/**
 * Runs a stage from begin to end.
 *
 * @param inputs what the stage is computed from, by name; part of its identity
 * @param work makes the output; called only when there is no earlier result
 */
export async function runStage<S extends PlannedStage, P>(
  input: StageInput<S, P>,
  inputs: () => StageInputs,
  work: (stage: StageWork<P>) => Promise<StageOutput>,
): Promise<StageOutcome> {
  const run = new StageRun(input);
  try {
    return await run.produce(inputs, work);
  } catch (error) {
    if (error instanceof GoOnInNewRun) return run.goOn();
    rethrowFaults(error);
    if (isCancellation(error)) return run.cancelled(error);
    return run.failed(error);
  }
}

class StageRun<S extends PlannedStage, P> {
  private readonly progress: StageProgress;
  private readonly control: StageControl;
  private readonly startedAt: string;
  private key: string | undefined;
  private engine: EngineInfo | undefined;
  private position: () => P | undefined;

  constructor(private readonly input: StageInput<S, P>) {
    const { stage, stageCount = 1, resume, control = {} } = input;
    const progress = new StageProgress(stage, stageCount, resume);
    this.progress = progress;
    this.startedAt = resume?.startedAt ?? workflowInfo().startTime.toISOString();
    setHandler(stageStatus, () => progress.current);
    this.key = resume?.key;
    this.engine = resume?.engine;
    this.position = () => resume?.position;
    this.control = new StageControl(control, () => progress.stands(this.control.gate.still));
    this.control.listen();
    progress.stands(this.control.gate.still);
  }

  async produce(
    inputs: () => StageInputs,
    work: (stage: StageWork<P>) => Promise<StageOutput>,
  ): Promise<StageOutcome> {
    const { progress, startedAt } = this;
    const { stage, run } = this.input;
    const cache = this.input.cache && stage.cache;
    if (this.key === undefined) {
      const begin = () => light.beginStage({ stage, run, inputs: inputs(), cache });
      const begun = await this.unit('begin', begin);
      if ('cached' in begun) return this.ended('cached', begun.cached);
      this.key = begun.key;
    }
    const { key } = this;
    progress.began();
    const output = await work({
      key,
      progress,
      unit: (what, attempt) => this.unit(what, attempt),
      stoppable: (what, attempt) => this.unit(what, () => this.control.gate.guard(() => attempt(what))),
      compute: (task, what, taskInput) => this.compute(task, what, taskInput),
      ranOn: (engine) => (this.engine = engine),
      resumeFrom: (position) => (this.position = position),
    });
    const { engine } = this;
    const result = { key, type: stage.uses, output, ...(engine && { engine }), startedAt };
    const manifest = await this.unit('finish', () => light.finishStage(result));
    return this.ended('finished', manifest);
  }

  /** Goes on in a new run, which has a short history. */
  goOn(): Promise<never> {
    return this.continueAsNew(this.progress.carried);
  }

  /** Keeps the checkpoints or removes them, as it was told. */
  async cancelled(error: TemporalFailure): Promise<never> {
    this.progress.ended('cancelled', {});
    const { discard, unfinished } = this.control;
    if (discard && unfinished.size > 0) {
      await CancellationScope.nonCancellable(() => this.discard([...unfinished.values()]));
    }
    throw error;
  }

  /** Ends with the failure, or waits to be told to try again. */
  async failed(error: TemporalFailure): Promise<never> {
    const { code, message } = judge(error);
    if (this.input.stage.onFailure !== 'wait') {
      this.progress.ended('failed', { error: message });
      throw finalFailure(code, message);
    }
    this.progress.waitsForRetry(message);
    try {
      await this.control.retry();
    } catch (reason) {
      rethrowFaults(reason);
      return this.cancelled(reason);
    }
    return this.continueAsNew({ ...this.progress.carried, uses: [] });
  }

  private async unit<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    const { progress } = this;
    const { gate } = this.control;
    const once = async () => {
      if (gate.current !== undefined) await gate.passed();
      return attempt();
    };
    const result = await runUnit(what, once, this.input.stage.retry, progress.retried, progress.used(what));
    progress.settled(what);
    return result;
  }

  private async compute<K extends UnitTaskName>(
    task: K,
    what: string,
    input: ComputeTasks[K]['input'],
  ): Promise<ComputeTasks[K]['result']> {
    const { gate, unfinished } = this.control;
    // A distillation is unfinished from its first chunk to the end of the stage.
    const isDistillation = task === 'distillChunk';
    const name = isDistillation ? task : what;
    unfinished.set(name, { task, input } as UnitOfWork);
    const attempt = () => attemptCompute(this.input.stage, task, what, input);
    const result = await this.unit(what, () => gate.guard(attempt));
    if (!isDistillation) unfinished.delete(name);
    return result;
  }

  private async discard(units: readonly UnitOfWork[]): Promise<void> {
    const request = { units, since: this.startedAt };
    const attempt = () => light.discardCheckpoints(request);
    try {
      await runUnit('removal of checkpoints', attempt, this.input.stage.retry, () => undefined);
    } catch (error) {
      // Repeated once too often for one history: what is left is garbage, and found as such later.
      if (error instanceof GoOnInNewRun) return;
      rethrowFaults(error);
      this.progress.notes(`its checkpoints could not be removed: ${judge(error).message}`);
    }
  }

  private continueAsNew(counts: StageProgress['carried']): Promise<never> {
    const { key, startedAt, engine } = this;
    const resume: Resumption<P> = { key, startedAt, engine, ...counts, position: this.position() };
    const next = { ...this.input, control: this.control.carried, resume };
    return continueAsNew<(input: StageInput<S, P>) => Promise<StageOutcome>>(next);
  }

  private ended(state: StageOutcome['state'], manifest: StageOutcome['manifest']): StageOutcome {
    const { progress } = this;
    progress.ended(state, { done: progress.current.total, summary: summarise(manifest.output) });
    return { state, manifest, status: progress.current };
  }
}
