/**
 * @file What stages produce, what they cost, and what they say while they run. Small JSON: references,
 * summaries, counters.
 */
import type { Reference } from '../artifacts/reference.js';
import type { CustomUses } from './custom-stages.js';
import type { CoresetMethod, PlannedStage, RetryBudget, StageType } from './plan.js';

/** What ran the numbers; recorded with every result, because other engines round differently. */
export interface EngineInfo {
  /** For example `tensorflow 2.21.0 cpu`. */
  readonly name: string;
  readonly oneDnn: boolean;
  readonly threads: number;
  readonly cpu: string;
  readonly device: string;
  /** Version of the fused CPU kernels and their compiler; absent where programs run unfused. */
  readonly kernels?: string;
}

export interface TrainExpertsOutput {
  readonly type: 'train-experts';
  /** Manifest that lists the experts' trajectories (`TrajectorySet`). */
  readonly trajectories: Reference;
  readonly count: number;
  /** Test accuracy by epoch (index 0 = initialisation), mean over experts, in [0,1]. */
  readonly accuracyByEpoch: readonly number[];
  /** Final test accuracy over experts: mean and population std. */
  readonly accuracy: number;
  readonly std: number;
}

/** What kernel regression on distilled images gets right, in [0,1], of the images that there are. */
export interface KernelAccuracy {
  readonly holdout?: number;
  readonly test?: number;
}

export interface DistillOutput {
  readonly type: 'distill';
  /** `distilled.safetensors` of the selected iteration. */
  readonly result: Reference;
  /** `metrics.jsonl`: one line per iteration. */
  readonly metrics: Reference;
  readonly iteration: number;
  readonly iterations: number;
  readonly learnedRate: number;
  /** Mean held-out accuracy of every candidate, in order. */
  readonly candidates: readonly { iteration: number; accuracy: number; std: number }[];
  /** Of the chosen images, by methods that are about a kernel. */
  readonly kernelAccuracy?: KernelAccuracy;
}

export interface SelectOutput {
  readonly type: 'select';
  /** The chosen images in the form of `distilled.safetensors`. */
  readonly result: Reference;
  readonly method: CoresetMethod['name'];
  /** Images in all. */
  readonly count: number;
}

export interface EvaluationRow {
  /** What was trained on. `selected` is a coreset; `full` is the whole training set. */
  readonly trainedOn: 'distilled' | 'selected' | 'random' | 'full';
  /** Of `full`: networks trained for this evaluation, by its settings. Absent: the experts. */
  readonly source?: 'training';
  readonly architecture: string;
  readonly mean: number;
  /** Population standard deviation. */
  readonly std: number;
  readonly accuracies: readonly number[];
  /** The mean as a share of that of `full` for the same architecture; with the baseline `full`. */
  readonly ofFull?: number;
}

export interface EvaluateOutput {
  readonly type: 'evaluate';
  /** JSON document with every run. */
  readonly scores: Reference;
  readonly rows: readonly EvaluationRow[];
}

export interface ReportOutput {
  readonly type: 'report';
  /** Key prefix of the result folder, ending in `/`. */
  readonly folder: string;
  readonly report: Reference;
  readonly files: readonly Reference[];
}

/** Of a stage whose type the owner of the workers has added. */
export interface CustomOutput {
  readonly type: 'custom';
  /** Name of the type, without `custom/`. */
  readonly stage: string;
  /** By name, as the type declares them. */
  readonly outputs: Readonly<Record<string, Reference | string | number | boolean>>;
  /** What is in those that are images: images per class, and in all. */
  readonly images: Readonly<Record<string, { readonly ipc: number; readonly count: number }>>;
  /** JSON document with the outputs. */
  readonly document: Reference;
}

export type StageOutput =
  TrainExpertsOutput | DistillOutput | SelectOutput | EvaluateOutput | ReportOutput | CustomOutput;

/** The manifest at `stages/<type>/<stage key>.json`, written last. */
export interface StageManifest {
  readonly key: string;
  readonly type: StageType;
  readonly output: StageOutput;
  readonly engine?: EngineInfo;
  /** Where it was first computed. */
  readonly workflowId: string;
  readonly runId: string;
  readonly finishedAt: string;
  readonly seconds: number;
}

export type StageState =
  'waiting' | 'running' | 'paused' | 'cached' | 'finished' | 'failed' | 'cancelled' | 'skipped';

/** Somebody has paused the pipeline. */
export interface Pause {
  /** ISO time from the workflow clock. */
  readonly since: string;
  readonly reason?: string;
}

/** Progress of one unit of work (an expert, a chunk, an evaluation); also the heartbeat payload. */
export interface UnitProgress {
  /** For example `expert 3`, `iterations`, `ConvNet run 2`. */
  readonly unit: string;
  readonly done: number;
  readonly total: number;
  /** Units of `done` per second, once known. */
  readonly rate?: number;
  /** Last values, e.g. loss, learnedRate, accuracy. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Host and process that computes it. */
  readonly worker: string;
  /** Seconds of computing since the last checkpoint: what is lost if it ends now. */
  readonly unsavedSeconds?: number;
  /** What it, or the writing of its checkpoint, waits for: `the store at http://s3:9000/distillery: ...`. */
  readonly waiting?: string;
}

/** What one unit of work has used of its two budgets. */
export interface BudgetUse {
  /** For example `expert 3`. */
  readonly unit: string;
  readonly failures: number;
  readonly preemptions: number;
}

export interface StageStatus {
  readonly id: string;
  /** Of a cell of a matrix: which it is. */
  readonly matrix?: NonNullable<PlannedStage['matrix']>;
  /** As a definition writes it. */
  readonly type: StageType | CustomUses;
  readonly state: StageState;
  readonly needs: readonly string[];
  /** Id of the child workflow, once started. */
  readonly workflowId?: string;
  /** Finished and all units of work of the stage (experts, iterations, runs). */
  readonly done: number;
  readonly total: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Repeated attempts of all units of work so far. */
  readonly preemptions: number;
  readonly failures: number;
  /** What each unit of work may use, once the stage runs. */
  readonly budget?: RetryBudget;
  /** The unfinished unit of work that is nearest to the end of its budget, when one has been repeated. */
  readonly budgetUse?: BudgetUse;
  /** ISO times from the workflow clock. */
  readonly startedAt?: string;
  readonly finishedAt?: string;
  /** Short reason when failed. */
  readonly error?: string;
  /** A failed stage that waits: the command that starts it again. */
  readonly retryWith?: string;
  /** Why the last attempt that is being repeated ended. */
  readonly repeated?: string;
  /** One line on the outcome. */
  readonly summary?: string;
}

/** The cells of a stage with a matrix, counted. */
export interface MatrixStatus {
  /** Id of the stage in the definition. */
  readonly id: string;
  readonly type: StageType | CustomUses;
  readonly needs: readonly string[];
  readonly cells: number;
  /** How many are in each state; states that none is in are absent. */
  readonly states: Readonly<Partial<Record<StageState, number>>>;
  /** Units of work of all cells that have begun. */
  readonly preemptions: number;
  readonly failures: number;
  readonly startedAt?: string;
  /** Once every cell has ended. */
  readonly finishedAt?: string;
}

/** Answer of the `status` query of the `pipeline` workflow. */
export interface PipelineStatus {
  readonly name: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly state: 'compiling' | 'running' | 'paused' | 'finished' | 'failed' | 'cancelled';
  /** Set while paused. */
  readonly paused?: Pause;
  readonly startedAt: string;
  /** Of a pipeline with more than 256 stages, cells that wait or have ended well are left out; see `matrices`. */
  readonly stages: readonly StageStatus[];
  /** Stages with a matrix, whose cells are among `stages`; absent without one. */
  readonly matrices?: readonly MatrixStatus[];
  readonly error?: string;
  /** Why the last attempt at what comes before the stages ended, while it is being repeated. */
  readonly repeated?: string;
}

/** Result of the `pipeline` workflow. */
export interface PipelineResult {
  readonly name: string;
  readonly seed: number;
  readonly stages: Readonly<Record<string, StageOutput>>;
  /**
   * Of a pipeline with more than 256 stages, cells are not in `stages` but here, with their stage key: the result
   * is in the store at `stages/<type>/<key>.json`.
   */
  readonly keys?: Readonly<Record<string, string>>;
  /** Stages whose result was already in the store. */
  readonly reused: readonly string[];
  /** Stages that did not run as their condition (`when`) did not hold, and those that need them: why, by id. */
  readonly skipped?: Readonly<Record<string, string>>;
  /** Why stages have no result that the pipeline goes on without (`onFailure: continue`), by stage id. */
  readonly failed?: Readonly<Record<string, string>>;
}

/** Options beside the definition: second workflow argument. */
export interface PipelineOptions {
  readonly params?: Readonly<Record<string, string | number | boolean>>;
  /** false recomputes every stage. Default true. */
  readonly cache?: boolean;
  /** Stages that are computed again although their results are there, and with them all that need them. */
  readonly recompute?: readonly string[];
}
