/**
 * @file The workflows of distillery. A worker of your own re-exports them from its workflows file:
 * `export * from 'distillery/workflows'`.
 */
export { pipeline } from './pipeline.js';
export { trainExperts } from './train-experts.js';
export { distill } from './distill.js';
export { select } from './select.js';
export { evaluate } from './evaluate.js';
export { report } from './report.js';
export { customStage } from './custom-stage.js';
export {
  cancelPipeline,
  pausePipeline,
  pauseSignal,
  pipelineStatus,
  resumePipeline,
  resumeSignal,
  retryStage,
  stageProgress,
  stageStatus,
} from './messages.js';
export type { CancelOptions, PauseOptions } from './messages.js';
export { COMPUTE_QUEUE, PIPELINE_QUEUE } from './queues.js';
export type { StageInput, StageOutcome } from './stage-input.js';
