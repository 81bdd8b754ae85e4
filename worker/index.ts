/**
 * @file What the package `distillery` exports: the plugin for workers of your own, and a ready worker.
 */
export { DistilleryPlugin, type DistilleryPluginOptions } from './plugin.js';
export { runWorker, type RunWorkerOptions } from './run.js';
export { describeEvent, type OnWorkerEvent, type WorkerEvent } from './events.js';
export { buildWorkflowBundle } from './bundle.js';
export type { Additions, ComputeSettings, Role } from './dependencies.js';
export { codecKeysFrom, parseCodecKeys, type CodecKey } from '../codec/keys.js';
export { EncryptingCodec } from '../codec/payload-codec.js';
export type { ListenAddress } from './listen-address.js';
export type { DeploymentVersion } from './versioning.js';
export { metricDescriptions, type MetricName } from '../activities/metric-names.js';
export type { PreemptionHook } from './preemption.js';
export { artifact, defineStage, images, valueOr } from '../custom/stage-type.js';
export type { CustomStageType, OutputValues, StageContexts, StageOptions } from '../custom/stage-type.js';
export type {
  ComputeStageContext,
  RandomStream,
  StageContext,
  StageDataset,
  StageEngine,
  StageNetwork,
  StageProgram,
  StageStore,
} from '../custom/stage-context.js';
export type { StagePlace } from '../definition/custom-stages.js';
export type { NetworkPrograms } from '../distillation/network-programs.js';
export { gradients } from '../tensor/differentiate.js';
export type { GraphBuilder, Node } from '../tensor/graph.js';
export type { Reference } from '../artifacts/reference.js';
export type { DistilledSet } from '../artifacts/result-folder.js';
export type {
  DatasetLoader,
  DatasetLoaders,
  LoadedDataset,
  LoadedSplit,
  Pixels,
} from '../datasets/loader.js';
export type { NetworkFunction } from '../networks/build.js';
export type { CustomNetwork, CustomNetworks } from '../networks/custom.js';
export type { Layers } from '../networks/layers.js';
export { DistilleryError, type ErrorCode } from '../errors/errors.js';
export { COMPUTE_QUEUE, PIPELINE_QUEUE } from '../workflows/queues.js';
export type {
  CustomOutput,
  PipelineOptions,
  PipelineResult,
  PipelineStatus,
  StageOutput,
  StageStatus,
} from '../definition/stages.js';
