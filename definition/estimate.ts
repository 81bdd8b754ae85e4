/**
 * @file What a plan will cost on a machine: floating-point operations, memory, and time where the machine is
 * calibrated. Counts of single steps and measured numbers are handed in; nothing is measured here.
 */
import type { ImageShape } from '../networks/spec.js';
import { knownDataset, type KnownDataset } from './builtin-datasets.js';
import { assumedMemory, stepSeconds, usualSecondsPerHostFlop, type Calibration } from './calibration.js';
import { defaultImageBytes, imageMemory } from './image-memory.js';
import { memoryAdvice } from './memory-advice.js';
import { parameterCount } from './parameter-count.js';
import type { Plan, PlannedStage } from './plan.js';
import { workKnownAfter } from './settings.js';
import { stageWork, type Steps, type StageWork } from './stage-work.js';
import type { CountStep } from './step-cost.js';

export interface EstimateOptions {
  readonly count: CountStep;
  /** Default: what is known of well-known ones. */
  readonly dataset?: KnownDataset;
  /** Without one there are no times, and memory is as assumed. */
  readonly calibration?: Calibration;
  /** Compute processes that share the memory. Default 1. */
  readonly slots?: number;
  /** Compute processes with a machine or a device like the calibrated one to each. Default 1. */
  readonly workers?: number;
  /** Bytes that the process of a slot may take. */
  readonly memoryLimit?: number;
}

export interface StageEstimate {
  readonly id: string;
  /** Stages whose numbers say how much work it is; what follows is 0 then. Absent: that is known. */
  readonly knownAfter?: readonly string[];
  /** Of convolutions and matrix products. */
  readonly flops: number;
  /** Most memory that one compute process takes. */
  readonly processBytes: number;
  /** Whether it is within the limit; absent without one. */
  readonly fits?: boolean;
  /** What to change when it does not fit. */
  readonly advice?: string;
  /** Absent without a calibration. */
  readonly seconds?: number;
}

export interface PlanEstimate {
  readonly stages: readonly StageEstimate[];
  readonly flops: number;
  /** Most memory that one compute process takes in any stage. */
  readonly processBytes: number;
  readonly seconds?: number;
}

/** A unit of work is an activity: it is handed out, reads its inputs and writes what it has made. */
const unitSeconds = 0.2;
/** The cache of snapshots keeps at most so much. */
const snapshotCacheBytes = 1024 ** 3;

/**
 * Undefined when the data set is one that only the store knows, a network one that only its owner knows, or images
 * are evaluated that a custom stage makes.
 */
export function estimatePlan(plan: Plan, options: EstimateOptions): PlanEstimate | undefined {
  const { dataset: known = knownDataset(plan.dataset.source) } = options;
  if (known === undefined) return undefined;
  const stages: StageEstimate[] = [];
  const skipped = skippedStages(plan);
  for (const stage of plan.stages) {
    if (skipped.has(stage.id)) {
      stages.push({ id: stage.id, flops: 0, processBytes: 0, ...(options.calibration && { seconds: 0 }) });
      continue;
    }
    const knownAfter = workKnownAfter(stage, plan);
    if (knownAfter.length > 0) {
      stages.push({ id: stage.id, knownAfter, flops: 0, processBytes: 0 });
      continue;
    }
    if (takesCustomImages(stage, plan)) return undefined;
    const estimate = estimateStage(stage, plan, known, options);
    if (estimate === undefined) return undefined;
    stages.push(estimate);
  }
  const { calibration, workers = 1 } = options;
  const total = stages.reduce((sum, { seconds = 0 }) => sum + seconds, 0);
  return {
    stages,
    flops: stages.reduce((sum, { flops }) => sum + flops, 0),
    processBytes: Math.max(0, ...stages.map(({ processBytes }) => processBytes)),
    ...(calibration && { seconds: total + calibration.startSeconds * Math.min(1, workers) }),
  };
}

/** Ids of stages that are known not to run: by their own condition, or because what they need does not. */
function skippedStages({ stages }: Plan): Set<string> {
  const skipped = new Set<string>();
  for (const { id, uses, when, needs } of stages)
    if (when === false || (uses !== 'report' && needs.some((need) => skipped.has(need)))) skipped.add(id);
  return skipped;
}

function estimateStage(
  stage: PlannedStage,
  plan: Plan,
  known: KnownDataset,
  options: EstimateOptions,
): StageEstimate | undefined {
  const { calibration, slots = 1, workers = 1, memoryLimit } = options;
  const work = stageWork(stage, plan, known);
  const costs = costsOf(work, known, options.count);
  if (costs === undefined) return undefined;
  if (work.groups.length === 0)
    return { id: stage.id, flops: 0, processBytes: 0, ...(calibration && { seconds: unitSeconds }) };
  const flops = work.groups.reduce(
    (sum, { units, steps, hostFlops = 0 }) =>
      sum + units * steps.reduce((all, step) => all + step.count * costs(step).flops, hostFlops),
    0,
  );
  const processBytes = memoryOf(stage, work, known, options);
  const fits = memoryLimit === undefined ? undefined : processBytes <= memoryLimit;
  return {
    id: stage.id,
    flops,
    processBytes,
    ...(fits !== undefined && { fits }),
    ...(fits === false &&
      memoryLimit !== undefined && {
        advice: memoryAdvice({
          stage,
          slots,
          processBytes,
          memoryLimit,
          bytesWith: (changed) => memoryOf(changed, stageWork(changed, plan, known), known, options),
          classes: known.classes,
        }),
      }),
    ...(calibration && { seconds: secondsOf(work, known.shape, costs, calibration, workers) }),
  };
}

/** How many images it makes is only known once it has run. */
function takesCustomImages(stage: PlannedStage, { stages }: Plan): boolean {
  if (stage.uses !== 'evaluate') return false;
  return stages.some(({ id, uses }) => uses === 'custom' && id === stage.with.dataset.stage);
}

type Costs = (steps: Steps) => NonNullable<ReturnType<CountStep>>;

/** Undefined when a step of the work cannot be counted. */
function costsOf(
  { groups }: StageWork,
  { shape, classes }: KnownDataset,
  count: CountStep,
): Costs | undefined {
  const known = new Map<Steps, ReturnType<Costs>>();
  for (const step of groups.flatMap(({ steps }) => steps)) {
    const cost = count(step.network, shape, classes, step.kind, step.batch);
    if (cost === undefined) return undefined;
    known.set(step, cost);
  }
  return (step) => {
    const cost = known.get(step);
    if (cost === undefined) throw new RangeError('a step of another stage');
    return cost;
  };
}

function memoryOf(
  stage: PlannedStage,
  work: StageWork,
  { shape, classes, trainImages, testImages }: KnownDataset,
  { count, calibration, memoryLimit = Infinity }: EstimateOptions,
): number {
  const { baseBytes, memoryFactor } = calibration ?? assumedMemory;
  const steps = work.groups.flatMap((group) => group.steps);
  const peaks = steps.map(
    ({ network, kind, batch }) => count(network, shape, classes, kind, batch)?.peakBytes ?? 0,
  );
  const parameters = Math.max(0, ...steps.map(({ network }) => parameterCount(network, shape, classes) ?? 0));
  const pixels = shape.channels * shape.height * shape.width;
  const synthetic = stage.uses === 'distill' ? 8 * 4 * stage.with.ipc * classes * pixels : 0;
  return Math.round(
    baseBytes +
      memoryFactor * Math.max(0, ...peaks) +
      imageMemory((trainImages + testImages) * pixels, defaultImageBytes(memoryLimit)) +
      4 * parameters * work.parameterSets +
      Math.min(snapshotCacheBytes, 4 * parameters * work.snapshots) +
      (work.hostBytes ?? 0) +
      synthetic,
  );
}

function secondsOf(
  { groups }: StageWork,
  { channels, height, width }: ImageShape,
  costs: Costs,
  calibration: Calibration,
  workers: number,
): number {
  const pixels = channels * height * width;
  const stepTime = (step: Steps): number =>
    stepSeconds(calibration, costs(step)) +
    step.batch *
      pixels *
      (calibration.secondsPerPixel + step.augmented * calibration.secondsPerAugmentedPixel);
  const { secondsPerHostFlop = usualSecondsPerHostFlop } = calibration;
  const times = groups.map(({ units, parallel, steps, hostFlops = 0 }) => {
    const beside = unitSeconds + hostFlops * secondsPerHostFlop;
    const each = steps.reduce((sum, step) => sum + step.count * stepTime(step), beside);
    const rounds = Math.ceil(units / Math.max(1, Math.min(parallel, workers)));
    return { all: units * each, longest: rounds * each };
  });
  // Groups run beside each other as far as there are workers.
  const all = times.reduce((sum, time) => sum + time.all, 0);
  return Math.max(all / workers, ...times.map(({ longest }) => longest));
}
