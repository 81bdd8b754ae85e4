/**
 * @file What the package `distillery/testing` exports: pipelines and stages of your own without an engine, a store
 * or a GPU.
 */
export { MemoryStore } from './memory-store.js';
export { Pretend, reference, type Call, type Interference } from './pretend.js';
export { pretendPipeline, type PretendOptions, type PretendRun, type TestEnvironment } from './pipeline.js';
export { tryStage, type StageTrial, type TryStageOptions } from './stage.js';
