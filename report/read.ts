/**
 * @file Reads what the references of a report name, through the store alone.
 */
import { decodeMetrics } from '../artifacts/metrics.js';
import { getDistilled } from '../artifacts/distilled-sets.js';
import type { DistilledSet } from '../artifacts/result-folder.js';
import type { ArtifactStore } from '../artifacts/store.js';
import { partsOf } from '../artifacts/parts.js';
import { getWhitening } from '../artifacts/whitenings.js';
import { getTrajectory, getTrajectorySet } from '../artifacts/trajectories.js';
import type { DatasetManifest } from '../datasets/dataset.js';
import { getDatasetManifest } from '../datasets/load.js';
import type { TrainExpertsOutput } from '../definition/stages.js';
import { followStages, type DistillFindings, type Findings, type Lineage } from './findings.js';
import { firstOfEach, gallery } from './gallery.js';
import type { ReportInput } from './input.js';
import { matched } from './matched.js';
import { sampleReal } from './real-samples.js';
import { sweepsOf, type Sweep } from './sweep.js';
import { trialsOf, type Trial } from './trials.js';

/** Real images shown a class. */
const realPerClass = 4;
/** Distillations whose matches are compared. */
const comparedTrials = 200;
/** Cells whose images are shown, and classes of each. */
const picturedCells = 40;
const picturedClasses = 10;
/** Experts drawn as curves of their own. */
const singleExperts = 32;

/**
 * @throws DistilleryError when something is missing, damaged or not what its reference says, and what the
 * store throws.
 */
export async function readFindings(store: ArtifactStore, input: ReportInput): Promise<Findings> {
  const dataset = await getDatasetManifest(store, input.dataset);
  const { experts, distilled, selected, evaluation } = followStages(input);
  return {
    input,
    dataset,
    trainingImages: input.plan.dataset.limit ?? dataset.train.count - input.plan.dataset.holdout,
    ...(experts ? { experts: { ...experts, single: await readExperts(store, experts.output) } } : {}),
    ...(distilled ? { distilled: await readDistilled(store, distilled, dataset, input.seed) } : {}),
    ...(selected ? { selected } : {}),
    ...(evaluation ? { evaluation } : {}),
    trials: await readTrials(store, input),
    sweeps: await readSweeps(store, input, dataset),
  };
}

/** Of few cells, also what their images look like. */
async function readSweeps(
  store: ArtifactStore,
  input: ReportInput,
  dataset: DatasetManifest,
): Promise<Sweep[]> {
  const sweeps: Sweep[] = [];
  for (const sweep of sweepsOf(input)) {
    if (sweep.cells.length > picturedCells) {
      sweeps.push(sweep);
      continue;
    }
    const cells: Sweep['cells'][number][] = [];
    for (const cell of sweep.cells) {
      const made = cell.source === undefined ? undefined : input.stages[cell.source]?.output;
      if (made?.type !== 'distill' && made?.type !== 'select') cells.push(cell);
      else {
        const set = await asPictures(store, await getDistilled(store, made.result));
        cells.push({ ...cell, pictures: firstOfEach(dataset, set, picturedClasses) });
      }
    }
    sweeps.push({ ...sweep, cells });
  }
  return sweeps;
}

async function readTrials(store: ArtifactStore, input: ReportInput): Promise<Trial[]> {
  const trials: Trial[] = [];
  const found = trialsOf(input);
  // Their figures tell no more of hundreds, and reading all their metrics would take long.
  if (found.length > comparedTrials) return [];
  // One after the other: the metrics of a long distillation are large.
  for (const trial of found) {
    const { metrics, iteration } = trial.output;
    const said = matched(decodeMetrics(await store.get(metrics)), iteration);
    trials.push({ ...trial, ...(said && { matched: said }) });
  }
  return trials;
}

async function readExperts(store: ArtifactStore, output: TrainExpertsOutput): Promise<number[][]> {
  const set = await getTrajectorySet(store, output.trajectories);
  const curves: number[][] = [];
  for (const reference of set.trajectories.slice(0, singleExperts)) {
    curves.push([...(await getTrajectory(store, reference)).testAccuracy]);
  }
  return curves;
}

/** Whitened images as they can be looked at: x @ inverse + mean. */
export async function asPictures(store: ArtifactStore, set: DistilledSet): Promise<DistilledSet> {
  if (set.whitening === undefined) return set;
  const { mean, matrix } = await getWhitening(store, set.whitening, 'inverse');
  const size = mean.length;
  const images = new Float32Array(set.images.length);
  for (let image = 0; image < images.length; image += size) {
    for (let i = 0; i < size; i += 1) {
      let sum = mean[i] ?? 0;
      // The matrix is symmetric: its rows are its columns.
      for (let j = 0; j < size; j += 1) sum += (set.images[image + j] ?? 0) * (matrix[i * size + j] ?? 0);
      images[image + i] = sum;
    }
  }
  return { ...set, images };
}

async function readDistilled(
  store: ArtifactStore,
  stage: NonNullable<Lineage['distilled']>,
  dataset: DatasetManifest,
  seed: number,
): Promise<DistillFindings> {
  const parts = await partsOf(store, stage.output.result);
  const set = await asPictures(store, await getDistilled(store, stage.output.result));
  const metrics = decodeMetrics(await store.get(stage.output.metrics));
  const real = await sampleReal(store, dataset, realPerClass, seed);
  return {
    ...stage,
    parts,
    ...(set.whitening && { whitening: set.whitening }),
    images: set.labels.length,
    classes: gallery(dataset, set, real),
    loss: metrics.map(({ iteration, loss }) => ({ x: iteration, y: loss })),
    learnedRate: metrics.map(({ iteration, learnedRate }) => ({ x: iteration, y: learnedRate })),
  };
}
