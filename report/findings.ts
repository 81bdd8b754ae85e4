/**
 * @file What the report is about: one line of stages, from experts through distillation to evaluation, with
 * the arrays their references name. Each part is there only if its stage ran.
 */
import { customUses } from '../definition/custom-stages.js';
import { methodName } from '../definition/method-names.js';
import { networkLabel, networkName } from '../definition/network-names.js';
import type { Reference } from '../artifacts/reference.js';
import type { StoredWhitening } from '../artifacts/whitenings.js';
import type { DatasetManifest } from '../datasets/dataset.js';
import type {
  DistillConfig,
  EvaluateConfig,
  Plan,
  PlannedStage,
  SelectConfig,
  StageType,
  TrainExpertsConfig,
} from '../definition/plan.js';
import type {
  DistillOutput,
  EvaluateOutput,
  EvaluationRow,
  SelectOutput,
  StageOutput,
  TrainExpertsOutput,
} from '../definition/stages.js';
import type { ReportInput } from './input.js';
import type { ClassPictures } from './gallery.js';
import type { Point } from './charts/line.js';
import type { Sweep } from './sweep.js';
import type { Trial } from './trials.js';

export interface ExpertFindings {
  readonly id: string;
  readonly config: TrainExpertsConfig;
  readonly output: TrainExpertsOutput;
  /** Test accuracy by epoch of single experts, at most a few dozen of them. */
  readonly single: readonly (readonly number[])[];
}

export interface DistillFindings {
  /** The files of the distilled images: one, or several where one would be too large. */
  readonly parts: readonly Reference[];
  readonly id: string;
  readonly config: DistillConfig;
  readonly output: DistillOutput;
  /** Of whitened images. */
  readonly whitening?: StoredWhitening;
  /** Synthetic images in all. */
  readonly images: number;
  readonly classes: readonly ClassPictures[];
  readonly loss: readonly Point[];
  readonly learnedRate: readonly Point[];
}

export interface SelectFindings {
  readonly id: string;
  readonly config: SelectConfig;
  readonly output: SelectOutput;
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
  /** The coreset, when the evaluation is of one. */
  readonly selected?: SelectFindings;
  readonly evaluation?: EvaluationFindings;
  /** All distillations that matched trajectories, the followed one among them. */
  readonly trials?: readonly Trial[];
  /** Stages with a matrix, their cells beside each other. */
  readonly sweeps?: readonly Sweep[];
}

/**
 * The stages a report follows: the last evaluation of a distillation that finished, or else of anything, what it
 * evaluated, and its experts.
 */
export interface Lineage {
  readonly experts?: Pick<ExpertFindings, 'id' | 'config' | 'output'>;
  readonly distilled?: Pick<DistillFindings, 'id' | 'config' | 'output'>;
  readonly selected?: SelectFindings;
  readonly evaluation?: EvaluationFindings;
}

export function followStages({ plan, stages }: Pick<ReportInput, 'plan' | 'stages'>): Lineage {
  type Stage<T extends StageType> = Extract<PlannedStage, { uses: T }>;
  const finished = <T extends StageType>(uses: T): Stage<T>[] =>
    plan.stages
      .filter((stage): stage is Stage<T> => stage.uses === uses)
      .filter((stage) => stages[stage.id]?.output.type === uses);
  const last = <T extends StageType>(uses: T, id?: string): Stage<T> | undefined =>
    finished(uses).findLast((stage) => id === undefined || stage.id === id);

  const evaluations = finished('evaluate');
  const evaluate =
    evaluations.findLast((stage) => last('distill', stage.with.dataset.stage)) ?? evaluations.at(-1);
  const distill = last('distill', evaluate?.with.dataset.stage);
  const select = evaluate && last('select', evaluate.with.dataset.stage);
  const followed = distill?.with.trajectories?.stage;
  const train = distill && followed === undefined ? undefined : last('train-experts', followed);
  const outputOf = (stage: PlannedStage | undefined) => (stage ? stages[stage.id]?.output : undefined);
  const [experts, distilled, evaluation] = [outputOf(train), outputOf(distill), outputOf(evaluate)];
  const selected = outputOf(select);
  return {
    ...(train && experts?.type === 'train-experts'
      ? { experts: { id: train.id, config: train.with, output: experts } }
      : {}),
    ...(distill && distilled?.type === 'distill'
      ? { distilled: { id: distill.id, config: distill.with, output: distilled } }
      : {}),
    ...(select && selected?.type === 'select'
      ? { selected: { id: select.id, config: select.with, output: selected } }
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
  readonly selected?: EvaluationRow;
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
    const selected = of('selected');
    return {
      architecture,
      ...(distilled ? { distilled } : {}),
      ...(selected ? { selected } : {}),
      ...(random ? { random } : {}),
      ...(full ? { full } : {}),
    };
  });
}

/** Epochs on the whole training set behind a row of it: of the experts, or of networks trained for the evaluation. */
export function wholeEpochs(
  { experts, evaluation }: Pick<Findings, 'experts' | 'evaluation'>,
  { source }: EvaluationRow,
): number | undefined {
  return source === 'training' ? evaluation?.config.full?.epochs : experts?.config.epochs;
}

/** One architecture on the images of one stage, or on the random ones they were compared with. */
export interface MethodRow {
  /** Id of the evaluate stage. */
  readonly evaluation: string;
  /** What made the images. */
  readonly method: string;
  /** Id of the stage that did; absent for the random ones. */
  readonly stage?: string;
  readonly ipc?: number;
  readonly row: EvaluationRow;
}

/** The rows of all evaluations that finished; as many random images are listed once for each architecture. */
export function methodRows({ plan, stages }: Pick<ReportInput, 'plan' | 'stages'>): MethodRow[] {
  const seen = new Set<string>();
  return plan.stages.flatMap((stage): MethodRow[] => {
    const output = stages[stage.id]?.output;
    // The cells of a matrix are compared by themselves.
    if (stage.uses !== 'evaluate' || output?.type !== 'evaluate' || stage.matrix !== undefined) return [];
    const source = plan.stages.find(({ id }) => id === stage.with.dataset.stage);
    const images = source && imagesOf(source, stages[source.id]?.output, stage.with.dataset.output);
    if (source === undefined || images === undefined) return [];
    const { method, ipc } = images;
    return output.rows.flatMap((row): MethodRow[] => {
      if (row.trainedOn === 'full') return [];
      if (row.trainedOn !== 'random') return [{ evaluation: stage.id, method, stage: source.id, ipc, row }];
      const same = `${ipc} ${row.architecture}`;
      if (seen.has(same)) return [];
      seen.add(same);
      return [{ evaluation: stage.id, method: 'random images, others for each network', ipc, row }];
    });
  });
}

/** What made the images that an evaluation was of, and how many of each class there are. */
function imagesOf(
  source: PlannedStage,
  made: StageOutput | undefined,
  output: string,
): { readonly method: string; readonly ipc: number } | undefined {
  if (source.uses === 'distill' || source.uses === 'select')
    return { method: methodName(source), ipc: source.with.ipc };
  const images = made?.type === 'custom' ? made.images[output] : undefined;
  return source.uses === 'custom' && images
    ? { method: customUses(source.type), ipc: images.ipc }
    : undefined;
}

/** Title of the page: the report stage's own, else the pipeline's name. */
export function titleOf(plan: Plan): string {
  const titles = plan.stages.map((stage) => (stage.uses === 'report' ? stage.with.title : undefined));
  return titles.find((title) => title !== undefined) ?? plan.name;
}
