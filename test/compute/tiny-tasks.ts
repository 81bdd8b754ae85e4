/**
 * @file The tasks of the compute process at tiny size, on the real engine and a store in memory: their inputs,
 * and ways to run and to stop them.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Reference } from '../../artifacts/reference.js';
import { getTrajectory, putTrajectorySet } from '../../artifacts/trajectories.js';
import type { CheckpointInterval } from '../../compute/checkpoint-policy.js';
import { Stopped, type StopReason, type TaskContext } from '../../compute/context.js';
import type {
  DatasetInput,
  DistillChunkInput,
  EvaluateNetworkInput,
  TrainExpertInput,
} from '../../compute/protocol.js';
import { tasks } from '../../compute/tasks/index.js';
import { importDataset } from '../../datasets/import.js';
import type { ImageRoom } from '../../datasets/load.js';
import { testDevice } from '../support/device.js';
import { temporaryFolder, writeIdxFolder } from '../support/idx.js';
import { bandImages } from '../support/images.js';
import { MemoryStore } from '../support/memory-store.js';
import { tinyClasses, tinyNetwork, tinyShape } from '../support/tiny.js';

export const { trainExpert, distillChunk, evaluateNetwork, selectImages } = tasks;

let stores = 0;
/** What stays warm is kept by the store's address, so each has its own. */
export class OwnStore extends MemoryStore {
  override readonly location = `memory ${++stores}`;
  checkpoints(): string[] {
    return this.keys().filter((key) => key.startsWith('checkpoints/'));
  }
  /** Flips a bit in the middle of an object. */
  async damage(key: string): Promise<void> {
    const bytes = await this.getObject(key);
    assert.ok(bytes, `${key} is there`);
    const middle = bytes.length >> 1;
    bytes[middle] = bytes[middle]! ^ 1;
    await this.putObject(key, bytes, 'application/octet-stream');
  }
}

export const device = await testDevice();

interface Steps {
  /** Steps done: the task reports each, and then looks whether to stop. */
  taken: number;
  /** How often it let others have a word, within long steps too. */
  breaths: number;
}

interface Stop {
  readonly after: number;
  /** What is counted. Default `taken`. */
  readonly of?: keyof Steps;
  readonly reason: StopReason;
}

/** A context that asks the task to stop after so many steps. */
export function contextOf(
  store: MemoryStore,
  stop?: Stop,
  checkpointInterval: CheckpointInterval = 10,
  imageRoom?: ImageRoom,
) {
  const steps: Steps = { taken: 0, breaths: 0 };
  const context: TaskContext = {
    store,
    device,
    checkpointInterval,
    ...(imageRoom && { imageRoom }),
    stopRequested: () => (stop && steps[stop.of ?? 'taken'] >= stop.after ? stop.reason : undefined),
    stopping: new AbortController().signal,
    breathe() {
      steps.breaths += 1;
      // As in a process of its own: others that run beside it take their turn.
      return new Promise((resolve) => setImmediate(resolve));
    },
    report: () => {
      steps.taken += 1;
    },
    waiting: () => undefined,
  };
  return { context, steps };
}

export type Task<I, R> = (input: I, context: TaskContext) => Promise<R>;

/** Runs a task with a preemption after every `pause` steps. */
export async function inPieces<I, R>(
  task: Task<I, R>,
  input: I,
  store: MemoryStore,
  pause: number,
  checkpointInterval: CheckpointInterval = 10,
) {
  for (let stops = 0; ; stops += 1) {
    const { context } = contextOf(store, { after: pause, reason: 'preempt' }, checkpointInterval);
    try {
      return { result: await task(input, context), stops };
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      assert.equal(error.reason, 'preempt');
      assert.ok(stops < 200, 'the task gets on');
    }
  }
}

export const run = <I, R>(task: Task<I, R>, input: I, store: MemoryStore, imageRoom?: ImageRoom) =>
  task(input, contextOf(store, undefined, undefined, imageRoom).context);

export async function stopAfter<I>(
  task: Task<I, unknown>,
  input: I,
  store: MemoryStore,
  after: number,
  reason: StopReason = 'preempt',
  of: keyof Steps = 'taken',
): Promise<void> {
  const tensors = device.liveTensors;
  await assert.rejects(task(input, contextOf(store, { after, reason, of }).context), (error) => {
    return error instanceof Stopped && error.reason === reason;
  });
  assert.equal(device.liveTensors, tensors, 'a stopped task holds no tensors');
}

export async function newStore(
  t: TestContext,
  shape = tinyShape,
): Promise<{ store: OwnStore; dataset: DatasetInput }> {
  return storeFrom(await temporaryFolder(t), shape);
}

/** @param folder empty; the images are written to it and imported from there */
export async function storeFrom(
  folder: string,
  shape = tinyShape,
): Promise<{ store: OwnStore; dataset: DatasetInput }> {
  const store = new OwnStore();
  await writeIdxFolder(folder, bandImages(48, tinyClasses, shape), bandImages(16, tinyClasses, shape, 2));
  const { reference } = await importDataset(store, folder, { name: 'bands' });
  return { store, dataset: { manifest: reference, holdout: 8, seed: 3 } };
}

export function expert(dataset: DatasetInput, epochs: number, momentum = 0, index = 0): TrainExpertInput {
  return {
    dataset,
    network: tinyNetwork,
    config: { count: 2, epochs, lr: 0.05, momentum, weightDecay: 0, batchSize: 16, augmentation: 'dsa' },
    seed: 3,
    index,
  };
}

/** Removes all that a distillation could go on from. */
export async function forget(store: OwnStore): Promise<void> {
  const recorded = store.keys().filter((key) => key.startsWith('distillations/'));
  for (const key of [...store.checkpoints(), ...recorded]) await store.remove(key);
}

/** Two experts of four epochs as a set, and a chunk that distils from it. */
export async function withExperts(t: TestContext) {
  const { store, dataset } = await newStore(t);
  const experts: Reference[] = [];
  for (const index of [0, 1])
    experts.push((await run(trainExpert, expert(dataset, 4, 0, index), store)).trajectory);
  return { store, dataset, ...(await distillation(store, dataset, experts)) };
}

/** A chunk that distils from experts of four epochs. */
export async function distillation(store: MemoryStore, dataset: DatasetInput, experts: readonly Reference[]) {
  const { parameterCount } = await getTrajectory(store, experts[0]!);
  const record = (name: string, network = tinyNetwork) =>
    putTrajectorySet(store, name, {
      kind: 'trajectory-set',
      network,
      parameterCount,
      epochs: 4,
      trajectories: experts,
    });
  const trajectories = await record('set');
  const chunk = (from: number, to: number, change: Partial<DistillChunkInput> = {}): DistillChunkInput => ({
    dataset,
    network: tinyNetwork,
    trajectories,
    config: {
      method: {
        name: 'mtt',
        synSteps: 2,
        expertEpochs: 1,
        maxStartEpoch: 3,
        lrImg: 10,
        lrLr: 1e-4,
        lrInit: 0.05,
        lrFloor: 1e-6,
        momentum: 0.5,
      },
      ipc: 1,
      init: 'real',
      augmentation: 'dsa',
    },
    seed: 3,
    iterations: 100,
    from,
    to,
    ...change,
  });
  return { chunk, record };
}

export function evaluation(
  dataset: DatasetInput,
  change: Partial<EvaluateNetworkInput> = {},
): EvaluateNetworkInput {
  return {
    dataset,
    trainingSet: { kind: 'random', ipc: 3 },
    split: 'test',
    network: tinyNetwork,
    epochs: 7,
    lr: 0.05,
    momentum: 0.9,
    weightDecay: 5e-4,
    batchSize: 5,
    augmentation: 'dsa',
    seed: 3,
    run: 0,
    ...change,
  };
}
