/**
 * @file A finished run made up for the tests: every artifact that a report reads, in a store in memory.
 */
import { writeSafetensors, type NamedTensor } from '../../artifacts/safetensors.js';
import { encodeMetrics } from '../../artifacts/metrics.js';
import type { Reference } from '../../artifacts/reference.js';
import { encodeDistilled } from '../../artifacts/result-folder.js';
import type { Trajectory, TrajectorySet } from '../../artifacts/trajectory.js';
import type { DatasetManifest, LabelledImages } from '../../datasets/dataset.js';
import type { EvaluationRow, StageManifest, StageOutput } from '../../definition/stages.js';
import type { ReportedStage, ReportInput } from '../../report/index.js';
import { MemoryStore } from '../support/memory-store.js';
import { sampleNetwork, samplePlan } from './sample-plan.js';

export interface SampleOptions {
  readonly name: string;
  readonly classNames: readonly string[];
  readonly ipc: number;
  readonly iterations: number;
  /** Real images and the normalisation that goes with them. */
  readonly real: LabelledImages;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Normalised, [classes * ipc, c, h, w]. */
  readonly synthetic: Float32Array;
  readonly rows: readonly EvaluationRow[];
  readonly definitionText: string;
  readonly trainingImages: number;
  readonly testImages: number;
}

const safetensors = 'application/vnd.safetensors';
const meanCurve = [0.104, 0.741, 0.789, 0.812, 0.826, 0.835, 0.842, 0.848];

/** Puts the artifacts and returns the store and what a report of the run is asked for with. */
export async function sampleRun(options: SampleOptions): Promise<{ store: MemoryStore; input: ReportInput }> {
  const store = new MemoryStore();
  const input: ReportInput = {
    plan: samplePlan(options),
    definitionText: options.definitionText,
    dataset: await putDataset(store, options),
    stages: await putStages(store, options),
    workflowId: 'fmnist',
    runId: '0193f1c2-7a51-7e0a-9d0e-3f1d5c8a9b10',
    startedAt: '2026-11-24T19:40:00.000Z',
    finishedAt: '2026-11-24T19:46:17.000Z',
    temporalCommand:
      'temporal workflow start --type pipeline --task-queue distillery --workflow-id fmnist --input-file pipelines/fashion-mnist-quickstart.yaml --input-meta encoding=binary/plain',
    versions: { distillery: '0.1.0', node: '20.20.0', tensorflow: '2.21.0' },
    seed: 1,
  };
  return { store, input };
}

async function putStages(store: MemoryStore, options: SampleOptions): Promise<Record<string, ReportedStage>> {
  const share = (part: number): number => Math.round(options.iterations * part);
  const candidates = [0.2, 0.4, 0.6, 0.8, 1].map((part) => ({
    iteration: share(part),
    accuracy: 0.72 - 0.09 * (part - 0.8) ** 2 - (part < 0.5 ? 0.02 : 0),
    std: 0.006,
  }));
  const experts: StageOutput = {
    type: 'train-experts',
    trajectories: await putExperts(store),
    count: 6,
    accuracyByEpoch: meanCurve,
    accuracy: meanCurve.at(-1) ?? 0,
    std: 0.0041,
  };
  const distill: StageOutput = {
    type: 'distill',
    result: await store.putBlob(distilledFile(options), safetensors),
    metrics: await store.putBlob(metricLines(options.iterations), 'application/jsonl'),
    iteration: share(0.8),
    iterations: options.iterations,
    learnedRate: 0.0213,
    candidates,
  };
  const scores = await store.putBlob(new TextEncoder().encode('{}'), 'application/json');
  const evaluate: StageOutput = { type: 'evaluate', scores, rows: options.rows };
  return {
    experts: { output: experts, state: 'cached', manifest: manifestOf(experts, 131) },
    distill: {
      output: distill,
      state: 'finished',
      manifest: manifestOf(distill, 187.4),
      preemptions: 2,
      failures: 0,
    },
    evaluate: { output: evaluate, state: 'finished', manifest: manifestOf(evaluate, 58) },
  };
}

async function putDataset(store: MemoryStore, options: SampleOptions): Promise<Reference> {
  const { real } = options;
  const { channels, height, width } = real.shape;
  const tensors = new Map<string, NamedTensor>([
    ['images', { dtype: 'U8', shape: [real.count, channels, height, width], data: real.images }],
    ['labels', { dtype: 'I32', shape: [real.count], data: real.labels }],
  ]);
  const manifest: DatasetManifest = {
    name: 'fashion-mnist',
    shape: real.shape,
    classes: options.classNames.length,
    classNames: options.classNames,
    mean: options.mean,
    std: options.std,
    flip: true,
    train: {
      count: options.trainingImages + 2000,
      shards: [await store.putBlob(writeSafetensors(tensors), safetensors)],
    },
    test: { count: options.testImages, shards: [] },
  };
  return (await store.putManifest('datasets/fashion-mnist.json', manifest)).reference;
}

async function putExperts(store: MemoryStore): Promise<Reference> {
  const trajectories: Reference[] = [];
  // A report never reads the parameters.
  const snapshots = await store.putBlob(new Uint8Array(0), safetensors);
  const range = { offset: 0, length: 0, sha256: snapshots.sha256 };
  for (let index = 0; index < 6; index += 1) {
    const trajectory: Trajectory = {
      kind: 'trajectory',
      index,
      seed: 1,
      network: sampleNetwork,
      parameters: [],
      parameterCount: 0,
      epochs: meanCurve.length - 1,
      shards: [{ object: snapshots, epochs: meanCurve.map((_, epoch) => ({ epoch, range })) }],
      testAccuracy: meanCurve.map((mean, epoch) => mean + 0.012 * Math.sin(3 * index + epoch)),
      trainLoss: [],
    };
    trajectories.push((await store.putManifest(`experts/${index}.json`, trajectory)).reference);
  }
  const epochs = meanCurve.length - 1;
  const set: TrajectorySet = {
    kind: 'trajectory-set',
    network: sampleNetwork,
    parameterCount: 0,
    epochs,
    trajectories,
  };
  return (await store.putManifest('trajectory-sets/sample.json', set)).reference;
}

function distilledFile(options: SampleOptions): Uint8Array {
  const { classNames, ipc, real, mean, std, synthetic } = options;
  return encodeDistilled({
    shape: real.shape,
    images: synthetic,
    labels: Int32Array.from({ length: classNames.length * ipc }, (_, index) => Math.floor(index / ipc)),
    learnedRate: 0.0213,
    mean,
    std,
    classNames,
    iteration: Math.round(options.iterations * 0.8),
    ipc,
  });
}

/** A loss that falls and is noisy, a rate that settles. */
function metricLines(iterations: number): Uint8Array {
  return encodeMetrics(
    Array.from({ length: iterations }, (_, index) => {
      const share = (index + 1) / iterations;
      const noise = Math.sin(index * 12.9898) * 0.13 + Math.sin(index * 78.233) * 0.11;
      return {
        iteration: index + 1,
        loss: (0.42 + 0.75 * Math.exp(-5 * share)) * (1 + noise),
        learnedRate: 0.01 + 0.0113 * (1 - Math.exp(-4 * share)),
      };
    }),
  );
}

function manifestOf(output: StageOutput, seconds: number): StageManifest {
  return {
    key: 'a'.repeat(64),
    type: output.type,
    output,
    engine: {
      name: 'tensorflow 2.21.0 cpu',
      oneDnn: true,
      threads: 2,
      cpu: 'Example CPU @ 2.50GHz',
      device: 'cpu',
    },
    workflowId: 'fmnist-first',
    runId: '0193f1c2-0000-7e0a-9d0e-3f1d5c8a9b10',
    finishedAt: '2026-11-23T08:12:00.000Z',
    seconds,
  };
}
