/**
 * @file What the report is about: one line of stages, from experts through distillation to evaluation, with
 * the arrays their references name. Each part is there only if its stage ran.
 */
import { networkLabel, networkName } from '../definition/network-names.js';
import type { DatasetManifest } from '../datasets/dataset.js';
import type {
  DistillConfig,
  EvaluateConfig,
  Plan,
  PlannedStage,
  StageType,
  TrainExpertsConfig,
} from '../definition/plan.js';
import type {
  DistillOutput,
  EvaluateOutput,
  EvaluationRow,
  TrainExpertsOutput,
} from '../definition/stages.js';
import type { ReportInput } from './input.js';
import type { ClassPictures } from './gallery.js';
import type { Point } from './charts/line.js';

export interface ExpertFindings {
  readonly id: string;
  readonly config: TrainExpertsConfig;
  readonly output: TrainExpertsOutput;
  /** Test accuracy by epoch of single experts, at most a few dozen of them. */
  readonly single: readonly (readonly number[])[];
}

export interface DistillFindings {
  readonly id: string;
  readonly config: DistillConfig;
  readonly output: DistillOutput;
  /** Synthetic images in all. */
  readonly images: number;
  readonly classes: readonly ClassPictures[];
  readonly loss: readonly Point[];
  readonly learnedRate: readonly Point[];
}

export interface EvaluationFindings {
  readonly id: string;
  readonly config: EvaluateConfig;
  readonly output: EvaluateOutput;
}

export interface Findings {
  readonly input: ReportInput;
  readonly dataset: DatasetManifest;
  /** Real images that experts and baselines could train on: without the held-out ones, after the limit. */
  readonly trainingImages: number;
  readonly experts?: ExpertFindings;
  readonly distilled?: DistillFindings;
  readonly evaluation?: EvaluationFindings;
}

/** The stages a report follows: the last evaluation that finished, what it evaluated, and its experts. */
export interface Lineage {
  readonly experts?: Pick<ExpertFindings, 'id' | 'config' | 'output'>;
  readonly distilled?: Pick<DistillFindings, 'id' | 'config' | 'output'>;
  readonly evaluation?: EvaluationFindings;
}

export function followStages({ plan, stages }: Pick<ReportInput, 'plan' | 'stages'>): Lineage {
  type Stage<T extends StageType> = Extract<PlannedStage, { uses: T }>;
  const last = <T extends StageType>(uses: T, id?: string): Stage<T> | undefined =>
    plan.stages
      .filter((stage): stage is Stage<T> => stage.uses === uses)
      .findLast((stage) => stages[stage.id]?.output.type === uses && (id === undefined || stage.id === id));

  const evaluate = last('evaluate');
  const distill = last('distill', evaluate?.with.dataset.stage);
  const train = last('train-experts', distill?.with.trajectories.stage);
  const outputOf = (stage: PlannedStage | undefined) => (stage ? stages[stage.id]?.output : undefined);
  const [experts, distilled, evaluation] = [outputOf(train), outputOf(distill), outputOf(evaluate)];
  return {
    ...(train && experts?.type === 'train-experts'
      ? { experts: { id: train.id, config: train.with, output: experts } }
      : {}),
    ...(distill && distilled?.type === 'distill'
      ? { distilled: { id: distill.id, config: distill.with, output: distilled } }
      : {}),
    ...(evaluate && evaluation?.type === 'evaluate'
      ? { evaluation: { id: evaluate.id, config: evaluate.with, output: evaluation } }
      : {}),
  };
}

/** The evaluation's rows of one architecture; what is missing was not asked for. */
export interface Comparison {
  readonly architecture: string;
  readonly distilled?: EvaluationRow;
  readonly random?: EvaluationRow;
  readonly full?: EvaluationRow;
}

/** Rows by architecture in the order of the evaluation, the network that was distilled with first. */
export function comparisons(findings: Pick<Findings, 'evaluation' | 'input'>): Comparison[] {
  const rows = findings.evaluation?.output.rows ?? [];
  // An evaluation of several sizes of an architecture names each with its size.
  const { network } = findings.input.plan;
  const own = (label: string): boolean => label === networkName(network) || label === networkLabel(network);
  const names = [...new Set(rows.map((row) => row.architecture))];
  names.sort((a, b) => Number(own(b)) - Number(own(a)));
  return names.map((architecture) => {
    const of = (trainedOn: EvaluationRow['trainedOn']): EvaluationRow | undefined =>
      rows.find((row) => row.architecture === architecture && row.trainedOn === trainedOn);
    const [distilled, random, full] = [of('distilled'), of('random'), of('full')];
    return {
      architecture,
      ...(distilled ? { distilled } : {}),
      ...(random ? { random } : {}),
      ...(full ? { full } : {}),
    };
  });
}

/** Title of the page: the report stage's own, else the pipeline's name. */
export function titleOf(plan: Plan): string {
  const titles = plan.stages.map((stage) => (stage.uses === 'report' ? stage.with.title : undefined));
  return titles.find((title) => title !== undefined) ?? plan.name;
}
