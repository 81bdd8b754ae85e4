/**
 * @file What all stage workflows have in common: use an earlier result if there is one, else work, and
 * record the result last.
 */
import { continueAsNew, isCancellation, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Reference } from '../artifacts/reference.js';
import type { ComputeTasks, TaskName } from '../compute/protocol.js';
import type { PlannedStage } from '../definition/plan.js';
import type { EngineInfo, StageOutput } from '../definition/stages.js';
import { finalFailure, judge, rethrowFaults } from './failures.js';
import { GoOnInNewRun } from './history.js';
import { stageStatus } from './messages.js';
import { StageProgress } from './progress.js';
import { attemptCompute, light } from './proxies.js';
import type { Resumption, StageInput, StageOutcome } from './stage-input.js';
import { summarise } from './summary.js';
import { runUnit } from './units.js';

export interface StageWork<Position = undefined> {
  /** Identity of the result being made. */
  readonly key: string;
  readonly progress: StageProgress;
  /** Runs a unit of work within the stage's budgets, counting repeats in its status. */
  unit<T>(what: string, attempt: () => Promise<T>): Promise<T>;
  /** Runs a compute task as a unit of work. */
  compute<K extends TaskName>(
    task: K,
    what: string,
    input: ComputeTasks[K]['input'],
  ): Promise<ComputeTasks[K]['result']>;
  /** Says what ran the numbers; recorded with the result. */
  ranOn(engine: EngineInfo): void;
  /** Says where the next run begins, should work throw `GoOnInNewRun`. */
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
  inputs: () => Readonly<Record<string, Reference>>,
  work: (stage: StageWork<P>) => Promise<StageOutput>,
): Promise<StageOutcome> {
  const { stage, run, resume } = input;
  const progress = new StageProgress(stage, input.stageCount ?? 1, resume);
  const startedAt = resume?.startedAt ?? workflowInfo().startTime.toISOString();
  setHandler(stageStatus, () => progress.current);
  let { key, engine } = resume ?? {};
  let position = () => resume?.position;
  const unit = async <T>(what: string, attempt: () => Promise<T>) => {
    const result = await runUnit(what, attempt, stage.retry, progress.retried, progress.used(what));
    progress.settled(what);
    return result;
  };
  try {
    const cache = input.cache && stage.cache;
    if (key === undefined) {
      const begun = await unit('begin', () => light.beginStage({ stage, run, inputs: inputs(), cache }));
      if ('cached' in begun) return ended(progress, 'cached', begun.cached);
      key = begun.key;
    }
    progress.began();
    const output = await work({
      key,
      progress,
      unit,
      compute: (task, what, taskInput) => unit(what, () => attemptCompute(stage, task, what, taskInput)),
      ranOn: (info) => (engine = info),
      resumeFrom: (where) => (position = where),
    });
    const result = { key, type: stage.uses, output, ...(engine && { engine }), startedAt };
    const manifest = await unit('finish', () => light.finishStage(result));
    return ended(progress, 'finished', manifest);
  } catch (error) {
    if (error instanceof GoOnInNewRun) {
      const next: Resumption<P> = { key, startedAt, engine, ...progress.carried, position: position() };
      return continueAsNew<(input: StageInput<S, P>) => Promise<StageOutcome>>({ ...input, resume: next });
    }
    rethrowFaults(error);
    if (isCancellation(error)) {
      progress.ended('cancelled', {});
      throw error;
    }
    const { code, message } = judge(error);
    progress.ended('failed', { error: message });
    throw finalFailure(code, message);
  }
}

function ended(
  progress: StageProgress,
  state: StageOutcome['state'],
  manifest: StageOutcome['manifest'],
): StageOutcome {
  progress.ended(state, { done: progress.current.total, summary: summarise(manifest.output) });
  return { state, manifest, status: progress.current };
}
