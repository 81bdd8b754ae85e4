/**
 * @file What all stage workflows have in common: use an earlier result if there is one, else work, and
 * record the result last.
 */
import { isCancellation, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Reference } from '../artifacts/reference.js';
import type { ComputeTasks, TaskName } from '../compute/protocol.js';
import type { PlannedStage } from '../definition/plan.js';
import type { EngineInfo, StageOutput } from '../definition/stages.js';
import { finalFailure, judge, rethrowFaults } from './failures.js';
import { stageStatus } from './messages.js';
import { StageProgress } from './progress.js';
import { attemptCompute, light } from './proxies.js';
import type { Resumption, StageInput, StageOutcome } from './stage-input.js';
import { summarise } from './summary.js';
import { runUnit } from './units.js';

/** A run goes on in a new one from this history length on, well before the server's limits. */
const longHistory = 3000;

export interface StageWork {
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
  /** What to hand on to the next run. */
  resumption<P>(position: P): Resumption<P>;
}

export interface Produced {
  readonly output: StageOutput;
  readonly engine?: EngineInfo;
}

/**
 * Runs a stage from begin to end.
 *
 * @param inputs what the stage is computed from, by name; part of its identity
 * @param total units of work in the stage, for its status
 * @param work makes the output; called only when there is no earlier result
 */
export async function runStage<S extends PlannedStage, P>(
  input: StageInput<S, P>,
  inputs: () => Readonly<Record<string, Reference>>,
  total: number,
  work: (stage: StageWork) => Promise<Produced>,
): Promise<StageOutcome> {
  const { stage, run, resume } = input;
  const progress = new StageProgress(stage, total, resume);
  const startedAt = resume?.startedAt ?? workflowInfo().startTime.toISOString();
  setHandler(stageStatus, () => progress.current);
  const unit = async <T>(what: string, attempt: () => Promise<T>) => {
    const result = await runUnit(what, attempt, stage.retry, progress.retried);
    progress.settled(what);
    return result;
  };
  try {
    const cache = input.cache && stage.cache;
    const begun =
      resume ?? (await unit('begin', () => light.beginStage({ stage, run, inputs: inputs(), cache })));
    if ('cached' in begun) return ended(progress, 'cached', begun.cached);
    const stageKey = begun.key;
    progress.signal();
    const { output, engine } = await work({
      key: stageKey,
      progress,
      unit,
      compute: (task, what, taskInput) => unit(what, () => attemptCompute(stage, task, what, taskInput)),
      resumption(position) {
        const { preemptions, failures } = progress.current;
        return { key: stageKey, startedAt, preemptions, failures, position };
      },
    });
    const manifest = await unit('finish', () =>
      light.finishStage({
        key: stageKey,
        type: stage.uses,
        output,
        ...(engine && { engine }),
        startedAt,
      }),
    );
    return ended(progress, 'finished', manifest);
  } catch (error) {
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

/** Whether it is time for continue-as-new. */
export function historyIsLong(): boolean {
  const info = workflowInfo();
  return info.continueAsNewSuggested || info.historyLength > longHistory;
}
