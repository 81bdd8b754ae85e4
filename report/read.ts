/**
 * @file Reads what the references of a report name, through the store alone.
 */
import type { Reference } from '../artifacts/reference.js';
import { readSafetensors, tensorOf } from '../artifacts/safetensors.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { Trajectory, TrajectorySet } from '../artifacts/trajectory.js';
import type { DatasetManifest } from '../datasets/dataset.js';
import type { TrainExpertsOutput } from '../definition/stages.js';
import { DistilleryError } from '../errors/errors.js';
import { followStages, type DistillFindings, type Findings, type Lineage } from './findings.js';
import { gallery, type SyntheticImages } from './gallery.js';
import type { ReportInput } from './input.js';
import { sampleReal } from './real-samples.js';

/** Real images shown a class. */
const realPerClass = 4;
/** Experts drawn as curves of their own. */
const singleExperts = 32;

/**
 * @throws DistilleryError `Corrupt` when something is missing or is not what its reference says; what the
 * store throws.
 */
export async function readFindings(store: ArtifactStore, input: ReportInput): Promise<Findings> {
  const dataset = (await readManifest(store, input.dataset)) as DatasetManifest;
  const { experts, distilled, evaluation } = followStages(input);
  return {
    input,
    dataset,
    trainingImages: input.plan.dataset.limit ?? dataset.train.count - input.plan.dataset.holdout,
    ...(experts ? { experts: { ...experts, single: await readExperts(store, experts.output) } } : {}),
    ...(distilled ? { distilled: await readDistilled(store, distilled, dataset, input.seed) } : {}),
    ...(evaluation ? { evaluation } : {}),
  };
}

async function readManifest(store: ArtifactStore, reference: Reference): Promise<unknown> {
  const found = await store.getManifest(reference.key);
  if (found?.reference.sha256 !== reference.sha256) {
    throw new DistilleryError(
      'Corrupt',
      `The manifest ${reference.key} in ${store.location} ${found ? 'is not the one this run used' : 'is missing'}: expected sha256 ${reference.sha256}. Run the pipeline again.`,
    );
  }
  return found.body;
}

async function readExperts(store: ArtifactStore, output: TrainExpertsOutput): Promise<number[][]> {
  const set = (await readManifest(store, output.trajectories)) as TrajectorySet;
  const curves: number[][] = [];
  for (const reference of set.trajectories.slice(0, singleExperts)) {
    const expert = (await readManifest(store, reference)) as Trajectory;
    curves.push([...expert.testAccuracy]);
  }
  return curves;
}

async function readDistilled(
  store: ArtifactStore,
  stage: NonNullable<Lineage['distilled']>,
  dataset: DatasetManifest,
  seed: number,
): Promise<DistillFindings> {
  const synthetic = decodeSynthetic(await store.get(stage.output.result));
  const metrics = readMetrics(await store.get(stage.output.metrics));
  const real = await sampleReal(store, dataset, realPerClass, seed);
  return {
    ...stage,
    images: synthetic.labels.length,
    classes: gallery(dataset, synthetic, real),
    loss: metrics.map(({ iteration, loss }) => ({ x: iteration, y: loss })),
    learnedRate: metrics.map(({ iteration, learnedRate }) => ({ x: iteration, y: learnedRate })),
  };
}

/** `distilled.safetensors`: images F32 [n,c,h,w] as trained on, labels I64 [n]. */
function decodeSynthetic(bytes: Uint8Array): SyntheticImages {
  const file = readSafetensors(bytes);
  return {
    images: tensorOf(file, 'images', 'F32').data,
    labels: Array.from(tensorOf(file, 'labels', 'I64').data, Number),
  };
}

interface Metric {
  readonly iteration: number;
  readonly loss: number;
  readonly learnedRate: number;
}

/** `metrics.jsonl`: one line an iteration. */
function readMetrics(bytes: Uint8Array): Metric[] {
  const lines = new TextDecoder().decode(bytes).split('\n');
  return lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as Metric);
}
