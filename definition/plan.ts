/**
 * @file The compiled form of a definition: everything resolved, defaults filled in, ready to run.
 * Plans are pinned in workflow history, so they are plain JSON and stay small.
 */
import type { NetworkSpec } from '../networks/spec.js';
import type { ImportedStage } from './imports.js';
import type { CellValues } from './matrix.js';
import type { DistillMethod } from './plan-methods.js';

export type {
  DdConfig,
  DistillMethod,
  DmConfig,
  GradientMatchingConfig,
  KipConfig,
  MttConfig,
  StartEpochGrowth,
} from './plan-methods.js';

export type DsaOperation = 'color' | 'crop' | 'cutout' | 'flip' | 'scale' | 'rotate';

/** `'dsa'` takes the data set's default operations (no flip for digits); a list names them; `'none'` is off. */
export type Augmentation = 'dsa' | 'none' | readonly DsaOperation[];

export interface DatasetSpec {
  /** Name of a data set in the store (`distillery dataset import`), or a built-in one: `fashion-mnist`. */
  readonly source: string;
  /** Training images used, drawn by seed after the held-out ones; all of them when absent. */
  readonly limit?: number;
  /** Training images set aside, never trained on, to choose the reported iteration. Default 2000. */
  readonly holdout: number;
  /** Train on ZCA-whitened images. Absent: on images normalised by mean and std. */
  readonly zca?: true;
}

/** Where a stage's configuration refers to another stage's output: `${{ stages.experts.trajectories }}`. */
export interface OutputRef {
  readonly stage: string;
  readonly output: string;
}

export interface TrainExpertsConfig {
  readonly count: number;
  readonly epochs: number;
  /** How the weights are stored. Absent: float32. */
  readonly precision?: 'fp16-delta';
  /** Epochs whose weights are kept, in order, or every so many from 0. Absent: all. */
  readonly keepEpochs?: readonly number[] | { readonly every: number };
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly batchSize: number;
  readonly augmentation: Augmentation;
}

export interface DistillConfig {
  /** The experts to match; for `mtt`, and only for it. */
  readonly trajectories?: OutputRef;
  readonly method: DistillMethod;
  /** Images per class. */
  readonly ipc: number;
  readonly iterations: number;
  /** What the images start from: random real ones, noise, or those of a select stage. */
  readonly init: 'real' | 'noise' | OutputRef;
  readonly augmentation: Augmentation;
  readonly selection: SelectionConfig;
}

/** How the images of a coreset are chosen. */
export type CoresetMethod =
  | { readonly name: 'random' | 'herding' | 'k-center' }
  | ({ readonly name: 'forgetting' } & Omit<TrainExpertsConfig, 'count' | 'precision' | 'keepEpochs'>);

export interface SelectConfig {
  readonly method: CoresetMethod;
  /** Experts whose first, fully trained, gives the features; for herding and k-center, and only for them. */
  readonly trajectories?: OutputRef;
  /** Images per class. */
  readonly ipc: number;
  /** Learning rate that is stored with the images. */
  readonly lr: number;
}

/** How the reported iteration is chosen on the held-out split. */
export interface SelectionConfig {
  /** A candidate every so many iterations (and the last one). */
  readonly every: number;
  /** Networks trained per candidate. */
  readonly runs: number;
  /** Epochs of each training. */
  readonly epochs: number;
}

export interface EvaluateConfig {
  /** The distilled or selected set: `${{ stages.distill.result }}`. */
  readonly dataset: OutputRef;
  readonly networks: readonly NetworkSpec[];
  /** Fresh networks per architecture. */
  readonly runs: number;
  readonly epochs: number;
  /** `'learned'` is the alpha stored with the images. */
  readonly lr: 'learned' | number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly batchSize: number;
  readonly augmentation: Augmentation;
  /** Also train on as many random real images, with `baselineLr`, and on the whole training set, for comparison. */
  readonly baselines: readonly ('random' | 'full')[];
  readonly baselineLr: number;
  /** With the baseline `full`, and only with it. */
  readonly full?: FullTrainingConfig;
}

/** How networks are trained on the whole training set. */
export interface FullTrainingConfig {
  /** Those to train: all that are evaluated, but the experts' own where experts come before the evaluation. */
  readonly networks: readonly NetworkSpec[];
  /** Fresh networks per architecture. */
  readonly runs: number;
  readonly epochs: number;
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly batchSize: number;
  readonly augmentation: Augmentation;
}

export interface ReportConfig {
  readonly title?: string;
}

export interface RetryBudget {
  /** Errors of the work itself, per unit of work. Default 3. */
  readonly failures: number;
  /** Lost or leaving workers, per unit of work; null is unlimited (default). */
  readonly preemptions: number | null;
  /** First wait between failures, doubling up to 5 minutes. Default 5. */
  readonly backoffSeconds: number;
}

export interface PlannedStageBase {
  /** As in the definition; of a cell of a matrix with its values, such as `distill[ipc=1,N=10]`. */
  readonly id: string;
  /** Which cell of which stage of the definition it is; absent without a matrix. It names no other work. */
  readonly matrix?: { readonly of: string; readonly cell: CellValues };
  readonly needs: readonly string[];
  /** Units of work at once, and of a matrix also cells at once. Default 4. */
  readonly maxParallel: number;
  readonly retry: RetryBudget;
  /** Limit of one activity attempt. Default 24 h. */
  readonly timeoutSeconds: number;
  /** A unit without progress for so long is killed and counts as a failure. Default 300. */
  readonly stallTimeoutSeconds: number;
  /** A worker that is silent for so long counts as lost. Default 10; absent in plans of older versions. */
  readonly heartbeatTimeoutSeconds?: number;
  /**
   * What follows when the stage has failed for good: the pipeline fails once its other stages have ended
   * (default), the stage waits to be retried, or the pipeline finishes without the stages that need it.
   */
  readonly onFailure: 'fail' | 'wait' | 'continue';
  /** Whether an earlier result of the same key is used. Default true. */
  readonly cache: boolean;
  /** Whether it runs: false, or what is decided when the pipeline has come there. Absent: it runs. */
  readonly when?: false | PlannedCondition;
  /**
   * Settings that follow from numbers of other stages; what `with` has in their places only stands in for them
   * until `settleStage` has put them there. Absent: `with` is all known.
   */
  readonly late?: LateSettings;
  /** What it asks of the workers that compute for it; absent when nothing. */
  readonly resources?: StageResources;
  /** 1 to 5, the smaller first; absent: as the server's default, 3. */
  readonly priority?: number;
  /** To find its workflow by, over those of the pipeline; they change no result. Absent: none of its own. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** A condition on numbers of other stages; all else in it has its value. */
export interface PlannedCondition {
  /** An expression, without `${{` and `}}`. */
  readonly condition: string;
  /** The planned stage for each id that the expression writes. */
  readonly stages: Readonly<Record<string, string>>;
}

/** Places in `with` are names joined by dots: `method.lrImg`. */
export interface LateSettings {
  /** `with` as it was checked, with defaults, but without late settings and outputs of stages. */
  readonly written: Readonly<Record<string, unknown>>;
  /** An expression, without `${{` and `}}`, by the place of the setting. */
  readonly settings: Readonly<Record<string, string>>;
  /** Artifacts of other stages by their place. */
  readonly outputs: Readonly<Record<string, OutputRef>>;
  /** The planned stage for each id that the expressions write. */
  readonly stages: Readonly<Record<string, string>>;
  /** Of an evaluate stage: experts come before it. Absent: none do. */
  readonly afterExperts?: true;
}

export interface StageResources {
  /** In place of the usual queue of compute work. */
  readonly taskQueue?: string;
  /** That a compute process must be allowed to take. */
  readonly memoryBytes?: number;
  /** Only on a GPU. */
  readonly gpu?: true;
}

export interface TrainExpertsStage extends PlannedStageBase {
  readonly uses: 'train-experts';
  readonly with: TrainExpertsConfig;
}
export interface DistillStage extends PlannedStageBase {
  readonly uses: 'distill';
  readonly with: DistillConfig;
  /** Iterations per activity; changes nothing in the result. Default 100. */
  readonly chunkIterations: number;
}
export interface SelectStage extends PlannedStageBase {
  readonly uses: 'select';
  readonly with: SelectConfig;
}
export interface EvaluateStage extends PlannedStageBase {
  readonly uses: 'evaluate';
  readonly with: EvaluateConfig;
}
export interface ReportStage extends PlannedStageBase {
  readonly uses: 'report';
  readonly with: ReportConfig;
}
/** A stage of a type that the owner of the workers has added: `uses: custom/NAME`. */
export interface CustomStage extends PlannedStageBase {
  readonly uses: 'custom';
  /** Name of the type, without `custom/`. */
  readonly type: string;
  /** Of the type, when the plan was made. */
  readonly version: number;
  /** In the compute process. Absent: in the pipeline worker. */
  readonly runs?: 'compute';
  /** Checked and with defaults; without the references to other stages. */
  readonly with: Readonly<Record<string, unknown>>;
  /** Outputs of other stages by their place in `with`: `images`, `sets.0`. */
  readonly inputs: Readonly<Record<string, OutputRef>>;
}
export type PlannedStage =
  TrainExpertsStage | DistillStage | SelectStage | EvaluateStage | ReportStage | CustomStage;
export type StageType = PlannedStage['uses'];

export interface Plan {
  readonly name: string;
  /** To find its runs by; they change no result. Absent: none. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly seed: number;
  readonly params: Readonly<Record<string, string | number | boolean>>;
  readonly dataset: DatasetSpec;
  readonly network: NetworkSpec;
  /** In an order in which every stage comes after what it needs. */
  readonly stages: readonly PlannedStage[];
  /** Results of other runs that stages refer to like those of this one. Absent: none. */
  readonly imports?: readonly ImportedStage[];
}
