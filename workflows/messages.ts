/**
 * @file What can be asked of and said to running workflows. The names are the ones to give to
 * `temporal workflow query --type` and `temporal workflow signal --name`.
 */
import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { PipelineStatus, StageStatus } from '../definition/stages.js';

/** `status` of the `pipeline` workflow: every stage with its progress. */
export const pipelineStatus = defineQuery<PipelineStatus>('status');

/** `status` of a stage workflow. */
export const stageStatus = defineQuery<StageStatus>('status');

/** A stage workflow tells its pipeline how far it is. */
export const stageProgress = defineSignal<[StageStatus]>('stageProgress');
