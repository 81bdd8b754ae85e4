/**
 * @file What can be asked of and said to running workflows. The names are the ones to give to
 * `temporal workflow query --type`, `temporal workflow update execute --name` and
 * `temporal workflow signal --name`.
 */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Pause, PipelineStatus, StageStatus } from '../definition/stages.js';

export interface PauseOptions {
  /** Shown in the status while it lasts. */
  readonly reason?: string;
}

export interface CancelOptions {
  /** false removes the checkpoints of unfinished work that this run has written. Default true. */
  readonly keepCheckpoints?: boolean;
}

/** `status` of the `pipeline` workflow: every stage with its progress. */
export const pipelineStatus = defineQuery<PipelineStatus>('status');

/** `status` of a stage workflow. */
export const stageStatus = defineQuery<StageStatus>('status');

/** Update `pause` of a pipeline: running work writes a checkpoint and stops, nothing new starts. */
export const pausePipeline = defineUpdate<Pause, [options: PauseOptions | undefined]>('pause');
/** Update `resume` of a pipeline: goes on from the checkpoints; returns the pause that has ended. */
export const resumePipeline = defineUpdate<Pause | undefined>('resume');
/** Update `retry` of a pipeline: starts a failed stage again that waits for it, with fresh budgets. */
export const retryStage = defineUpdate<undefined, [stage: string]>('retry');
/** Update `cancel` of a pipeline: as `temporal workflow cancel`, with a choice about the checkpoints. */
export const cancelPipeline = defineUpdate<undefined, [options: CancelOptions | undefined]>('cancel');

/** Signals `pause` and `resume` of a pipeline: as the updates, for many runs at once or without a worker. */
export const pauseSignal = defineSignal<[options: PauseOptions | undefined]>('pause');
export const resumeSignal = defineSignal('resume');

/** A stage workflow tells its pipeline how far it is. */
export const stageProgress = defineSignal<[StageStatus]>('stageProgress');

/** A pipeline passes on to its stages what it was told. */
export const stagePause = defineSignal<[Pause]>('pause');
export const stageResume = defineSignal('resume');
export const stageRetry = defineSignal('retry');
export const stageDiscard = defineSignal('discardCheckpoints');
