/**
 * @file The work of a stage as steps: how many of which kind, on how many images, in which groups of units.
 */
import type { KnownDataset } from './builtin-datasets.js';
import { smallTrainings } from './evaluation-units.js';
import { snapshotCount } from './kept-epochs.js';
import { matchingWork, timesAugmented } from './matching-work.js';
import type {
  DistillStage,
  EvaluateStage,
  FullTrainingConfig,
  Plan,
  PlannedStage,
  SelectStage,
  TrainExpertsStage,
} from './plan.js';
import type { NetworkSpec } from '../networks/spec.js';
import type { StepKind } from './step-cost.js';

/** Equal steps of one unit of work. */
export interface Steps {
  readonly network: NetworkSpec;
  readonly kind: StepKind;
  readonly batch: number;
  readonly count: number;
  /** How often each image is augmented, the way back of a gradient included. */
  readonly augmented: number;
}

/** Units of work that are alike. */
export interface UnitGroup {
  readonly units: number;
  /** How many of them run at once, given enough workers. */
  readonly parallel: number;
  /** The steps of one unit. */
  readonly steps: readonly Steps[];
  /** Operations in float64 that one unit does beside the device. Absent: none worth counting. */
  readonly hostFlops?: number;
}

/** What is held beside the step under way, in float32 values. */
export interface StageWork {
  readonly groups: readonly UnitGroup[];
  /** Parameter sets kept during a unit. */
  readonly parameterSets: number;
  /** Snapshots of experts kept for the next iteration. */
  readonly snapshots: number;
  /** Bytes of what is computed beside the device. Absent: none worth counting. */
  readonly hostBytes?: number;
}

/** Images of a forward pass that measures accuracy. */
const measuringBatch = 256;
/** Images of a step that trains a candidate. */
const candidateBatch = 256;

/** Training images of a plan, after the split. */
export function trainingImages({ dataset }: Plan, known: KnownDataset): number {
  return Math.min(dataset.limit ?? Infinity, known.trainImages - dataset.holdout);
}

/** The steps of a stage on a data set; a report has none, and those of a custom stage are not known. */
export function stageWork(stage: PlannedStage, plan: Plan, known: KnownDataset): StageWork {
  switch (stage.uses) {
    case 'train-experts':
      return expertsWork(stage, plan, known);
    case 'distill':
      return distillWork(stage, plan, known);
    case 'select':
      return selectWork(stage, plan, known);
    case 'evaluate':
      return evaluateWork(stage, plan, known);
    case 'report':
    case 'custom':
      return { groups: [], parameterSets: 0, snapshots: 0 };
  }
}

function expertsWork(
  { with: config, maxParallel }: TrainExpertsStage,
  plan: Plan,
  known: KnownDataset,
): StageWork {
  const { count, epochs, batchSize, momentum, weightDecay, augmentation } = config;
  const { network } = plan;
  const kind = momentum === 0 && weightDecay === 0 ? 'plain-sgd' : 'momentum-sgd';
  const training = { network, kind, augmented: timesAugmented(augmentation) } as const;
  return {
    groups: [
      {
        units: count,
        parallel: maxParallel,
        steps: [
          ...passes(training, trainingImages(plan, known), batchSize, epochs),
          ...measuring(network, known.testImages, epochs + 1),
        ],
      },
    ],
    parameterSets: 4,
    snapshots: 0,
  };
}

function distillWork(
  { with: config, maxParallel, chunkIterations }: DistillStage,
  plan: Plan,
  known: KnownDataset,
): StageWork {
  const { ipc, iterations, selection, augmentation } = config;
  const { network } = plan;
  const { classes } = known;
  const images = ipc * classes;
  const realPerClass = Math.ceil(trainingImages(plan, known) / classes);
  const chunks = Math.ceil(iterations / Math.min(chunkIterations, selection.every));
  const { channels, height, width } = known.shape;
  const matching = matchingWork(config, {
    network,
    classes,
    realPerClass,
    pixels: channels * height * width,
    measured: { images: plan.dataset.holdout + known.testImages, times: chunks },
  });
  const { host } = matching;
  const candidates = Math.ceil(iterations / selection.every);
  const augmented = timesAugmented(augmentation);
  const training = { network, kind: 'momentum-sgd', augmented } as const;
  const experts = plan.stages.find(({ id }) => id === config.trajectories?.stage);
  return {
    groups: [
      { units: 1, parallel: 1, steps: matching.steps, ...(host && { hostFlops: host.flops }) },
      {
        units: plan.dataset.holdout > 0 ? candidates * selection.runs : 0,
        parallel: maxParallel,
        steps: [
          ...passes(training, images, candidateBatch, selection.epochs),
          ...measuring(network, plan.dataset.holdout, 1),
        ],
      },
    ],
    parameterSets: matching.parameterSets,
    ...(host && { hostBytes: host.bytes }),
    snapshots: experts?.uses === 'train-experts' ? experts.with.count * snapshotCount(experts.with) : 0,
  };
}

function selectWork({ with: { method } }: SelectStage, plan: Plan, known: KnownDataset): StageWork {
  const { network } = plan;
  const images = trainingImages(plan, known);
  const look = measuring(network, images, 1);
  const steps = (): Steps[] => {
    if (method.name === 'random') return [];
    if (method.name !== 'forgetting') return look;
    const { batchSize, epochs, momentum, weightDecay, augmentation } = method;
    const kind = momentum === 0 && weightDecay === 0 ? 'plain-sgd' : 'momentum-sgd';
    const training = passes(
      { network, kind, augmented: timesAugmented(augmentation) },
      images,
      batchSize,
      epochs,
    );
    // Each batch is classified before it is trained on.
    return training.flatMap((step): Steps[] => [step, { ...step, kind: 'logits', augmented: 0 }]);
  };
  return { groups: [{ units: 1, parallel: 1, steps: steps() }], parameterSets: 4, snapshots: 0 };
}

function evaluateWork(
  { with: config, maxParallel }: EvaluateStage,
  plan: Plan,
  known: KnownDataset,
): StageWork {
  const source = plan.stages.find(({ id }) => id === config.dataset.stage);
  const ipc = source?.uses === 'distill' || source?.uses === 'select' ? source.with.ipc : 1;
  const { networks, full } = config;
  const group = (
    network: NetworkSpec,
    units: number,
    images: number,
    {
      batchSize,
      epochs,
      momentum,
      weightDecay,
      augmentation,
    }: Omit<FullTrainingConfig, 'networks' | 'runs' | 'lr'>,
  ): UnitGroup => {
    const kind = momentum === 0 && weightDecay === 0 ? 'plain-sgd' : 'momentum-sgd';
    const training = { network, kind, augmented: timesAugmented(augmentation) } as const;
    return {
      units,
      parallel: maxParallel,
      steps: [...passes(training, images, batchSize, epochs), ...measuring(network, known.testImages, 1)],
    };
  };
  const small = smallTrainings(config) / networks.length;
  return {
    groups: [
      ...networks.map((network) => group(network, small, ipc * known.classes, config)),
      ...(full?.networks ?? []).map((network) =>
        group(network, full?.runs ?? 0, trainingImages(plan, known), full ?? config),
      ),
    ],
    parameterSets: 4,
    snapshots: 0,
  };
}

/** Passes over images in batches, the last of which may be smaller. */
function passes(
  training: Pick<Steps, 'network' | 'kind' | 'augmented'>,
  images: number,
  batchSize: number,
  times: number,
): Steps[] {
  const batch = Math.min(batchSize, images);
  const rest = images % batch;
  const whole = { ...training, batch, count: Math.floor(images / batch) * times };
  return rest > 0 ? [whole, { ...training, batch: rest, count: times }] : [whole];
}

function measuring(network: NetworkSpec, images: number, times: number): Steps[] {
  return images > 0 ? passes({ network, kind: 'logits', augmented: 0 }, images, measuringBatch, times) : [];
}
