/**
 * @file The activities as workflows see them: names, inputs, results. Types only; everything that passes is
 * small JSON, and artifacts pass as references.
 */
import type { Reference } from '../artifacts/reference.js';
import type {
  ComputeStageInput,
  ComputeStageResult,
  DatasetInput,
  Demands,
  DistillChunkInput,
  DistillChunkResult,
  EvaluateNetworkInput,
  EvaluateNetworkResult,
  SelectImagesInput,
  SelectImagesResult,
  TrainExpertInput,
  TrainExpertResult,
  UnitOfWork,
} from '../compute/protocol.js';
import type { PackedPlan } from '../definition/packed-plan.js';
import type { LateValues } from '../definition/settle-stage.js';
import type { CustomStage, DatasetSpec, Plan, PlannedStage, StageType } from '../definition/plan.js';
import type {
  CustomOutput,
  DistillOutput,
  EngineInfo,
  EvaluateOutput,
  KernelAccuracy,
  PipelineOptions,
  ReportOutput,
  StageManifest,
  StageOutput,
  StageState,
  TrainExpertsOutput,
} from '../definition/stages.js';
import type { NetworkSpec } from '../networks/spec.js';

/** A pipeline definition as it arrives: YAML bytes, YAML text, or the parsed document. */
export type Definition = Uint8Array | string | object;

export interface CompiledDefinition {
  /** Packed where it has a matrix; older versions had none. */
  readonly plan: Plan | PackedPlan;
  /** The definition's text, kept so that a result can show what made it. */
  readonly definition: Reference;
  /** The plan again, for messages that only have to name it. Absent in what older versions answered. */
  readonly storedPlan?: Reference;
}

/** What every stage of a run has in common; part of what identifies its results. */
export interface RunContext {
  readonly seed: number;
  readonly dataset: DatasetInput;
  readonly network: NetworkSpec;
  /** Names the run that must not reuse earlier work, when it is not to; part of the identity of its units. */
  readonly fresh?: string;
}

/** A finished stage that another one builds on. */
export interface UpstreamStage {
  readonly stage: PlannedStage;
  readonly manifest: StageManifest;
  readonly state: Extract<StageState, 'finished' | 'cached'>;
  readonly preemptions: number;
  readonly failures: number;
}

/** By stage id. */
export type Upstream = Readonly<Record<string, UpstreamStage>>;

export interface ResolveImportsInput {
  readonly plan: Plan;
  readonly dataset: DatasetInput;
}

/** The same with no more than names: what a report of very many stages is told, whose results it reads itself. */
export interface UpstreamKey extends Omit<UpstreamStage, 'stage' | 'manifest'> {
  /** Stage key: the manifest is `stages/<type>/<key>.json`. */
  readonly key: string;
  /** Of the artifact that stands for the result. */
  readonly sha256: string;
}
export type UpstreamKeys = Readonly<Record<string, UpstreamKey>>;

export interface SettleStageInput {
  /** With the stage, those whose artifacts it takes, and those that take its own. */
  readonly plan: Plan | PackedPlan;
  /** Id of the stage. */
  readonly stage: string;
  /** Of the stages that its late settings are made of, by the id that these write. */
  readonly values: LateValues;
}

export interface BeginStageInput {
  readonly stage: PlannedStage;
  readonly run: RunContext;
  /** What it is computed from, by a name of the stage type's choosing; part of its identity. */
  readonly inputs: StageInputs;
  /** Whether an earlier result may be used. */
  readonly cache: boolean;
}
/** What results are computed from; only digests make their identity. */
export type StageInputs = Readonly<Record<string, Pick<Reference, 'sha256'>>>;
/** The identity of the stage's result (sha256, hex), with the result itself when there already is one. */
export type BegunStage = { readonly key: string } | { readonly key: string; readonly cached: StageManifest };

export interface FinishStageInput {
  readonly key: string;
  readonly type: StageType;
  readonly output: StageOutput;
  readonly engine?: EngineInfo;
  /** ISO time at which the stage began. */
  readonly startedAt: string;
}

export interface RecordTrajectorySetInput {
  /** Identity of the stage. */
  readonly key: string;
  readonly network: NetworkSpec;
  /** `Trajectory` manifests by expert. */
  readonly trajectories: readonly Reference[];
}

/** A checkpoint that may become the result, and how networks trained on it did on the held-out split. */
export interface Candidate {
  readonly iteration: number;
  readonly result: Reference;
  readonly learnedRate: number;
  readonly accuracies: readonly number[];
  /** Of methods that are about a kernel. */
  readonly kernelAccuracy?: KernelAccuracy;
}
export interface SelectCandidateInput {
  readonly candidates: readonly Candidate[];
  readonly iterations: number;
  readonly metrics: Reference;
}

/** Every run of one architecture on one training set. */
export interface EvaluationScores {
  readonly trainedOn: 'distilled' | 'selected' | 'random' | 'full';
  readonly network: NetworkSpec;
  readonly accuracies: readonly number[];
}
export interface SummariseEvaluationInput {
  readonly scores: readonly EvaluationScores[];
  /** `TrajectorySet` manifests of the experts upstream, for the `full` rows of what was not trained for them. */
  readonly experts: readonly Reference[];
  /** Whether each row is to say what share of its `full` row it is. Absent: no. */
  readonly ofFull?: true;
}

/** Where a report says its results come from. */
export interface ReportSource {
  /** Where the plan is stored; older versions sent the plan itself. */
  readonly plan: Reference | Plan;
  readonly definition: Reference;
  readonly workflowId: string;
  readonly runId: string;
  readonly startedAt: string;
}
export interface WriteReportInput {
  readonly source: ReportSource;
  readonly dataset: Reference;
  readonly upstream: Upstream;
  /** In place of `upstream` where that would be too large a message. */
  readonly upstreamKeys?: UpstreamKeys;
  /** ISO time of the workflow clock. */
  readonly finishedAt: string;
}

export interface RunCustomStageInput {
  /** With the values of other stages in its configuration. */
  readonly stage: CustomStage;
  /** Artifacts of other stages by their place in the configuration. */
  readonly inputs: Readonly<Record<string, Reference>>;
  readonly run: RunContext;
}

export interface DiscardCheckpointsInput {
  readonly units: readonly UnitOfWork[];
  /** ISO time; what was stored before it is another run's and stays. */
  readonly since: string;
}

/** Short work on the store; any pipeline worker runs them. */
export interface LightActivities {
  readonly compileDefinition: (
    definition: Definition,
    params?: PipelineOptions['params'],
  ) => Promise<CompiledDefinition>;
  /**
   * Finds the data set in the store, importing a built-in one when it is not there yet, and sees that the
   * networks can take its images.
   */
  readonly resolveDataset: (
    spec: DatasetSpec,
    seed: number,
    networks?: readonly NetworkSpec[],
    perClass?: number,
  ) => Promise<DatasetInput>;
  /** Finds the results of other runs that the plan takes, and sees that they are whole and fit it. */
  readonly resolveImports: (input: ResolveImportsInput) => Promise<Upstream>;
  /** Puts late settings of a stage in their places, and sees that they fit. */
  readonly settleStage: (input: SettleStageInput) => Promise<PlannedStage>;
  readonly beginStage: (input: BeginStageInput) => Promise<BegunStage>;
  /** Writes the stage's manifest, unless there is one. */
  readonly finishStage: (input: FinishStageInput) => Promise<StageManifest>;
  readonly recordTrajectorySet: (input: RecordTrajectorySetInput) => Promise<TrainExpertsOutput>;
  readonly selectCandidate: (input: SelectCandidateInput) => Promise<DistillOutput>;
  readonly summariseEvaluation: (input: SummariseEvaluationInput) => Promise<EvaluateOutput>;
  readonly writeReport: (input: WriteReportInput) => Promise<ReportOutput>;
  /** The work of a stage of a user's own type that runs in the worker. */
  readonly runCustomStage: (input: RunCustomStageInput, limits: UnitLimits) => Promise<CustomOutput>;
  /** Removes the checkpoints of unfinished work that a run has written. */
  readonly discardCheckpoints: (input: DiscardCheckpointsInput) => Promise<void>;
  /** Whether the server knows the search attribute. */
  readonly searchesTags: (attribute: string) => Promise<boolean>;
  /** Asks the server to cancel the workflow that calls it. */
  readonly cancelCaller: () => Promise<void>;
}

export interface UnitLimits extends Demands {
  /** What the unit of work is called, for example `expert 3`. */
  readonly unit: string;
  /** Without progress for so long, the compute process is killed. */
  readonly stallTimeoutSeconds: number;
}

/** Work for a device; compute workers run them, one at a time per device. */
export interface ComputeActivities {
  readonly trainExpert: (input: TrainExpertInput, limits: UnitLimits) => Promise<TrainExpertResult>;
  readonly distillChunk: (input: DistillChunkInput, limits: UnitLimits) => Promise<DistillChunkResult>;
  readonly evaluateNetwork: (
    input: EvaluateNetworkInput,
    limits: UnitLimits,
  ) => Promise<EvaluateNetworkResult>;
  readonly selectImages: (input: SelectImagesInput, limits: UnitLimits) => Promise<SelectImagesResult>;
  /** The work of a stage of a user's own type that runs in the compute process. */
  readonly computeStage: (input: ComputeStageInput, limits: UnitLimits) => Promise<ComputeStageResult>;
}

export type Activities = LightActivities & ComputeActivities;
