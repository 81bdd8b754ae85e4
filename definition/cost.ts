/**
 * @file What a plan will do, in counts and bytes: nothing is measured and no store is asked.
 */
import { knownDataset, type KnownDataset } from './builtin-datasets.js';
import { smallTrainings, wholeTrainings } from './evaluation-units.js';
import { type CustomUses, usesOf } from './custom-stages.js';
import { snapshotCount } from './kept-epochs.js';
import { describeNetwork } from './network-names.js';
import { parameterCount } from './parameter-count.js';
import { workKnownAfter } from './settings.js';
import type {
  DistillConfig,
  DistillStage,
  EvaluateStage,
  Plan,
  PlannedStage,
  SelectStage,
  StageType,
  TrainExpertsStage,
} from './plan.js';

/** Counts that need the size of the data set are absent when it is not a built-in one. */
export interface StageSummary {
  readonly id: string;
  readonly uses: StageType | CustomUses;
  readonly needs: readonly string[];
  /** Stages whose numbers say how much work it is; no counts are here then. Absent: that is known. */
  readonly knownAfter?: readonly string[];
  /** Pieces of work that are done and tried again on their own. */
  readonly units?: number;
  /** What they are, in the plural: `experts`, `chunks`, `trainings`. */
  readonly unitName: string;
  /** How many of them run at once. */
  readonly parallel?: number;
  /** Steps of SGD on a network, trainings of candidates included. */
  readonly sgdSteps?: number;
  /** Backward steps of the trajectory gradient; one costs about three steps of SGD at the same batch. */
  readonly secondOrderSteps?: number;
  /** Forward and backward passes of single images in `sgdSteps`. */
  readonly imagesSeen?: number;
  /** Kept in the store: trajectories, or distilled images. */
  readonly storedBytes?: number;
}

export interface PlanSummary {
  readonly name: string;
  readonly seed: number;
  readonly params: Plan['params'];
  readonly dataset: {
    readonly source: string;
    readonly holdout: number;
    /** Images trained on. */
    readonly train?: number;
    readonly test?: number;
    readonly classes?: number;
  };
  /** Short text such as `ConvNet, depth 3, width 128`, and trainable parameters. */
  readonly network: { readonly text: string; readonly parameters?: number };
  readonly stages: readonly StageSummary[];
  /** Sums of what is known of the stages. */
  readonly sgdSteps: number;
  readonly storedBytes: number;
}

interface Sizes {
  readonly train?: number;
  readonly classes?: number;
  readonly imageBytes?: number;
  readonly parameters?: number;
}

/** @param known the data set; by default what is known of well-known ones */
export function describePlan(
  plan: Plan,
  known: KnownDataset | undefined = knownDataset(plan.dataset.source),
): PlanSummary {
  const { source, holdout, limit } = plan.dataset;
  const train = known ? Math.min(limit ?? Infinity, known.trainImages - holdout) : limit;
  const parameters = known && parameterCount(plan.network, known.shape, known.classes);
  const sizes: Sizes = {
    ...(train === undefined ? {} : { train }),
    ...(known && {
      classes: known.classes,
      imageBytes: 4 * known.shape.channels * known.shape.height * known.shape.width,
    }),
    ...(parameters === undefined ? {} : { parameters }),
  };
  const stages = plan.stages.map((stage) => describeStage(stage, plan, sizes));
  return {
    name: plan.name,
    seed: plan.seed,
    params: plan.params,
    dataset: {
      source,
      holdout,
      ...(train === undefined ? {} : { train }),
      ...(known && { test: known.testImages, classes: known.classes }),
    },
    network: {
      text: describeNetwork(plan.network),
      ...(parameters === undefined ? {} : { parameters }),
    },
    stages,
    sgdSteps: stages.reduce((sum, stage) => sum + (stage.sgdSteps ?? 0), 0),
    storedBytes: stages.reduce((sum, stage) => sum + (stage.storedBytes ?? 0), 0),
  };
}

function describeStage(stage: PlannedStage, plan: Plan, sizes: Sizes): StageSummary {
  const { id, needs } = stage;
  const work = workOf(stage, plan, sizes);
  const knownAfter = workKnownAfter(stage, plan);
  const known = knownAfter.length === 0 ? work : { knownAfter, unitName: work.unitName };
  return { id, uses: usesOf(stage), needs, ...known };
}

type Work = Omit<StageSummary, 'id' | 'uses' | 'needs'>;

function workOf(stage: PlannedStage, plan: Plan, sizes: Sizes): Work {
  switch (stage.uses) {
    case 'train-experts':
      return experts(stage, sizes);
    case 'distill':
      return distill(stage, sizes);
    case 'select':
      return select(stage, sizes);
    case 'evaluate':
      return evaluate(stage, plan, sizes);
    case 'report':
      return { units: 1, unitName: 'reports', parallel: 1 };
    case 'custom':
      return { units: 1, unitName: 'runs', parallel: 1 };
  }
}

function experts({ with: config, maxParallel }: TrainExpertsStage, { train, parameters }: Sizes): Work {
  const { count, epochs, batchSize, precision } = config;
  const snapshots = snapshotCount(config);
  // The first in float32, the others as it says.
  const bytesEach = precision === 'fp16-delta' ? 4 + 2 * (snapshots - 1) : 4 * snapshots;
  return {
    units: count,
    unitName: 'experts',
    parallel: Math.min(maxParallel, count),
    ...(train !== undefined && {
      sgdSteps: count * epochs * Math.ceil(train / batchSize),
      imagesSeen: count * epochs * train,
    }),
    ...(parameters !== undefined && { storedBytes: count * parameters * bytesEach }),
  };
}

/** Iterations at which the images are judged on held-out images. */
function candidateCount({ iterations, selection }: DistillConfig): number {
  return Math.ceil(iterations / selection.every);
}

const candidateBatch = 256;

function distill(stage: DistillStage, { classes, imageBytes }: Sizes): Work {
  const { iterations, ipc, selection } = stage.with;
  const counted = classes === undefined ? undefined : matchingSteps(stage.with, classes);
  const work = {
    units: Math.ceil(iterations / stage.chunkIterations),
    unitName: 'chunks',
    parallel: 1,
    ...('synSteps' in stage.with.method
      ? { secondOrderSteps: matchingSteps(stage.with, 1).secondOrderSteps }
      : counted && counted.secondOrderSteps > 0 && { secondOrderSteps: counted.secondOrderSteps }),
  };
  if (classes === undefined || counted === undefined || imageBytes === undefined) return work;
  const images = ipc * classes;
  const candidates = candidateCount(stage.with);
  const epochs = candidates * selection.runs * selection.epochs;
  return {
    ...work,
    sgdSteps: counted.sgdSteps + epochs * Math.ceil(images / candidateBatch),
    imagesSeen: counted.imagesSeen + epochs * images,
    storedBytes: candidates * images * imageBytes,
  };
}

/** Steps without those of the candidates; a gradient to weights or images counts as one of SGD. */
function matchingSteps(
  { iterations, ipc, method }: DistillConfig,
  classes: number,
): { secondOrderSteps: number; sgdSteps: number; imagesSeen: number } {
  const images = ipc * classes;
  switch (method.name) {
    case 'mtt': {
      const steps = iterations * (method.expertsPerStep ?? 1) * method.synSteps;
      return { secondOrderSteps: steps, sgdSteps: steps, imagesSeen: steps * (method.batchSyn ?? images) };
    }
    case 'dd': {
      const steps = iterations * method.synSteps;
      return {
        secondOrderSteps: steps,
        sgdSteps: steps + iterations,
        imagesSeen: steps * (method.batchSyn ?? images) + iterations * method.batchReal,
      };
    }
    case 'kip':
      return { secondOrderSteps: 0, sgdSteps: 0, imagesSeen: iterations * (images + method.batchReal) };
    case 'dm':
      return {
        secondOrderSteps: 0,
        sgdSteps: iterations * classes,
        imagesSeen: iterations * (images + classes * method.batchReal),
      };
    case 'dc':
    case 'dsa': {
      const updates = iterations * method.outerLoops;
      const epochs = iterations * (method.outerLoops - 1) * method.innerEpochs;
      return {
        secondOrderSteps: updates * classes,
        sgdSteps: 2 * updates * classes + epochs * Math.ceil(images / candidateBatch),
        imagesSeen: updates * (images + classes * method.batchReal) + epochs * images,
      };
    }
  }
}

/** Only forgetting trains a network. */
function select({ with: { method, ipc } }: SelectStage, { train, classes, imageBytes }: Sizes): Work {
  return {
    units: 1,
    unitName: 'selections',
    parallel: 1,
    ...(method.name === 'forgetting' &&
      train !== undefined && {
        sgdSteps: method.epochs * Math.ceil(train / method.batchSize),
        imagesSeen: method.epochs * train,
      }),
    ...(classes !== undefined && imageBytes !== undefined && { storedBytes: ipc * classes * imageBytes }),
  };
}

function evaluate({ with: config, maxParallel }: EvaluateStage, plan: Plan, { train, classes }: Sizes): Work {
  const source = plan.stages.find(({ id }) => id === config.dataset.stage);
  const ipc = source?.uses === 'distill' || source?.uses === 'select' ? source.with.ipc : undefined;
  const [small, whole] = [smallTrainings(config), wholeTrainings(config)];
  const images = ipc !== undefined && classes !== undefined ? ipc * classes : undefined;
  const work = {
    units: small + whole,
    unitName: 'trainings',
    parallel: Math.min(maxParallel, small + whole),
  };
  if (images === undefined || (whole > 0 && train === undefined)) return work;
  const onSmall = { trainings: small, images, epochs: config.epochs, batchSize: config.batchSize };
  const trained = [onSmall];
  if (config.full && train !== undefined) {
    const { epochs, batchSize } = config.full;
    trained.push({ trainings: whole, images: train, epochs, batchSize });
  }
  const sum = (steps: (training: typeof onSmall) => number): number =>
    trained.reduce((all, training) => all + training.trainings * training.epochs * steps(training), 0);
  return {
    ...work,
    sgdSteps: sum((training) => Math.ceil(training.images / training.batchSize)),
    imagesSeen: sum((training) => training.images),
  };
}
