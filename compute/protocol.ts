/**
 * @file What can be asked of the compute process: tasks, their inputs and results. References only; the
 * process reads and writes the store itself, so that no bytes pass through its parent or through Temporal.
 */
import type { SavedCheckpoint } from '../artifacts/checkpoints.js';
import type { StoredChunk } from '../artifacts/distillations.js';
import type { Reference } from '../artifacts/reference.js';
import type { StageFailureDetails } from '../custom/stage-failure.js';
import type {
  Augmentation,
  CustomStage,
  DistillConfig,
  SelectConfig,
  TrainExpertsConfig,
} from '../definition/plan.js';
import type { CustomOutput, EngineInfo, UnitProgress } from '../definition/stages.js';
import type { ErrorCode } from '../errors/errors.js';
import type { NetworkSpec } from '../networks/spec.js';
import type { StopReason } from './context.js';

/** The data set of a run: the stored manifest and how this run splits it. */
export interface DatasetInput {
  readonly manifest: Reference;
  readonly limit?: number;
  readonly holdout: number;
  readonly seed: number;
  /**
   * The most real images of one class that the run draws, so that it ends before its first work when there are
   * fewer. It changes no result and is part of no identity. Absent: not looked at.
   */
  readonly perClass?: number;
  /** Train on ZCA-whitened images. */
  readonly zca?: true;
}

export interface TrainExpertInput {
  readonly dataset: DatasetInput;
  readonly network: NetworkSpec;
  readonly config: TrainExpertsConfig;
  readonly seed: number;
  /** Which expert, from 0. */
  readonly index: number;
  /** Names the run that must not reuse earlier work, when it is not to; part of the identity of its units. */
  readonly fresh?: string;
}
export interface TrainExpertResult {
  /** `Trajectory` manifest of this expert. */
  readonly trajectory: Reference;
  /** Test accuracy at initialisation and after every epoch, in [0,1]. */
  readonly accuracyByEpoch: readonly number[];
  readonly reused: boolean;
  readonly engine: EngineInfo;
}

export interface DistillChunkInput {
  readonly dataset: DatasetInput;
  readonly network: NetworkSpec;
  /** `TrajectorySet` manifest; for trajectory matching. */
  readonly trajectories?: Reference;
  /** Images to start from, in the form of `distilled.safetensors`; for `init: 'given'`. */
  readonly initial?: Reference;
  readonly config: Omit<DistillConfig, 'trajectories' | 'init' | 'iterations' | 'selection'> & {
    readonly init: 'real' | 'noise' | 'given';
  };
  readonly seed: number;
  /** Names the run that must not reuse earlier work, when it is not to; part of the identity of its units. */
  readonly fresh?: string;
  /** How far the whole distillation is to go. */
  readonly iterations: number;
  /** Iterations done before and after this chunk. */
  readonly from: number;
  readonly to: number;
}
/** What the end of a chunk leaves in the store, and where the attempt began. */
export interface DistillChunkResult extends StoredChunk {
  /** Where it went on from: an iteration in [0, to]. */
  readonly resumedFrom: number;
}

/** What an evaluation trains on. */
export type TrainingSet =
  | { readonly kind: 'distilled'; readonly result: Reference }
  | { readonly kind: 'random'; readonly ipc: number }
  /** All training images. */
  | { readonly kind: 'full' };

export interface EvaluateNetworkInput {
  readonly dataset: DatasetInput;
  readonly trainingSet: TrainingSet;
  /** Which images measure the accuracy. */
  readonly split: 'test' | 'holdout';
  readonly network: NetworkSpec;
  readonly epochs: number;
  readonly lr: 'learned' | number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly batchSize: number;
  readonly augmentation: Augmentation;
  readonly seed: number;
  /** Which fresh network, from 0. */
  readonly run: number;
  /** Names the run that must not reuse earlier work, when it is not to; part of the identity of its units. */
  readonly fresh?: string;
}
export interface EvaluateNetworkResult {
  readonly accuracy: number;
  /** Mean training cross-entropy of the last epoch. */
  readonly loss: number;
  readonly engine: EngineInfo;
}

export interface SelectImagesInput {
  readonly dataset: DatasetInput;
  readonly network: NetworkSpec;
  /** `TrajectorySet` manifest of the experts that give the features; for herding and k-center. */
  readonly trajectories?: Reference;
  readonly config: Omit<SelectConfig, 'trajectories'>;
  readonly seed: number;
  /** Names the run that must not reuse earlier work, when it is not to; part of the identity of its units. */
  readonly fresh?: string;
}
export interface SelectImagesResult {
  /** The chosen images, in the form of `distilled.safetensors`. */
  readonly result: Reference;
  /** Images in all. */
  readonly count: number;
  readonly engine: EngineInfo;
}

export interface ComputeStageInput {
  /** Of a user's own type; with the values of other stages in its configuration. */
  readonly stage: CustomStage;
  /** Artifacts of other stages by their place in the configuration. */
  readonly inputs: Readonly<Record<string, Reference>>;
  readonly run: {
    readonly seed: number;
    readonly dataset: DatasetInput;
    readonly network: NetworkSpec;
  };
}
export interface ComputeStageResult {
  readonly output: CustomOutput;
  readonly engine: EngineInfo;
}

/** All tasks of the compute process by name. */
export interface ComputeTasks {
  trainExpert: { input: TrainExpertInput; result: TrainExpertResult };
  distillChunk: { input: DistillChunkInput; result: DistillChunkResult };
  evaluateNetwork: { input: EvaluateNetworkInput; result: EvaluateNetworkResult };
  selectImages: { input: SelectImagesInput; result: SelectImagesResult };
  computeStage: { input: ComputeStageInput; result: ComputeStageResult };
}
export type TaskName = keyof ComputeTasks;

/** Tasks whose work has an identity of its own, under which its checkpoints lie. */
export type UnitTaskName = Exclude<TaskName, 'computeStage'>;

/** What such a task was asked to do. */
export type UnitOfWork = {
  [K in UnitTaskName]: { readonly task: K; readonly input: ComputeTasks[K]['input'] };
}[UnitTaskName];

/** What a stage asks of the process that computes for it. */
export interface Demands {
  /** That the process must be allowed to take. */
  readonly memoryBytes?: number;
  /** Only on a GPU. */
  readonly gpu?: true;
}

/** Parent to child. */
export type ComputeRequest =
  | {
      readonly type: 'run';
      readonly id: number;
      readonly task: TaskName;
      readonly input: unknown;
      readonly demands: Demands;
    }
  /** Stop without a result, with a checkpoint or without as the reason says. */
  | { readonly type: 'stop'; readonly id: number; readonly reason: StopReason };

/** Child to parent. */
export type ComputeMessage =
  | { readonly type: 'ready'; readonly engine: EngineInfo }
  | { readonly type: 'progress'; readonly id: number; readonly progress: UnitProgress }
  | { readonly type: 'checkpoint'; readonly id: number; readonly saved: SavedCheckpoint }
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | {
      readonly type: 'error';
      readonly id: number;
      readonly code: ErrorCode | 'Stopped';
      readonly message: string;
    }
  /** What a stage of a user's own type has thrown. */
  | { readonly type: 'failure'; readonly id: number; readonly failure: StageFailureDetails };
