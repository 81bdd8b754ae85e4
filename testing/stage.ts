/**
 * @file A type of stage run by itself, on a store in memory.
 */
import { makeComputeContext } from '../custom/make-compute-context.js';
import { checkOutputs } from '../custom/outputs.js';
import type { CustomStageType } from '../custom/stage-type.js';
import { importDataset } from '../datasets/import.js';
import { getDatasetManifest } from '../datasets/load.js';
import type { DatasetLoader } from '../datasets/loader.js';
import type { CustomStage } from '../definition/plan.js';
import type { CustomOutput } from '../definition/stages.js';
import { createNetworkPrograms } from '../distillation/compile-programs.js';
import { buildNetwork } from '../networks/registry.js';
import type { NetworkSpec } from '../networks/spec.js';
import type { Device } from '../tensor/device.js';
import { MemoryStore } from './memory-store.js';

export interface TryStageOptions {
  /** Holds the artifacts that settings refer to. Default: an empty one. */
  readonly store?: MemoryStore;
  /** Default 1. */
  readonly seed?: number;
  /** What `dataset()` gives; without it, there is none. */
  readonly dataset?: DatasetLoader;
  /** Training images of it that are held out. Default 1. */
  readonly holdout?: number;
  /** The network of the run, for stages that compute. Default: a ConvNet of one block, 8 wide. */
  readonly network?: NetworkSpec;
  readonly signal?: AbortSignal;
}

export interface StageTrial {
  readonly output: CustomOutput;
  readonly store: MemoryStore;
  /** What it said of its progress. */
  readonly progress: readonly { readonly done: number; readonly total: number }[];
}

const smallNetwork: NetworkSpec = {
  architecture: 'ConvNet',
  depth: 1,
  width: 8,
  norm: 'instance',
  pool: 'avg',
  act: 'relu',
};

let device: Promise<Device> | undefined;

/** TensorFlow in this process, loaded when a stage first asks for the engine. */
function openDevice(): Promise<Device> {
  device ??= import('../tensor/tensorflow-device.js').then(({ openTensorflowDevice }) =>
    openTensorflowDevice(),
  );
  return device;
}

/**
 * Checks the settings by the type's schema, runs it once, and checks what it returns, as a worker does.
 *
 * @param settings as under `with`; references of `store` in the place of outputs of other stages
 * @throws ZodError when the schema refuses the settings, DistilleryError when the outputs are not as declared
 */
export async function tryStage(
  type: CustomStageType,
  settings: Readonly<Record<string, unknown>> = {},
  {
    store = new MemoryStore(),
    seed = 1,
    dataset,
    holdout = 1,
    network = smallNetwork,
    signal,
  }: TryStageOptions = {},
): Promise<StageTrial> {
  const none = { key: 'datasets/none.json', sha256: '0'.repeat(64), bytes: 0, mediaType: 'application/json' };
  const manifest =
    dataset === undefined
      ? none
      : (await importDataset(store, { label: 'the data set', load: dataset }, { name: 'tried' })).reference;
  const progress: { done: number; total: number }[] = [];
  const stopping = signal ?? new AbortController().signal;
  const stage: Pick<CustomStage, 'id' | 'type'> = { id: type.name, type: type.name };
  const context = makeComputeContext({
    store,
    stage,
    run: { seed, dataset: { manifest, holdout, seed } },
    signal: stopping,
    report: ({ done, total }) => progress.push({ done, total }),
    device: openDevice,
    async programs() {
      const { shape, classes } = await getDatasetManifest(store, manifest);
      return createNetworkPrograms(buildNetwork(network, shape, classes), await openDevice());
    },
    async breathe() {
      await new Promise((resolve) => setImmediate(resolve));
      stopping.throwIfAborted();
    },
  });
  const outputs = await type.run(type.inputs.parse(settings) as never, context as never);
  return { output: await checkOutputs(store, type, stage.id, outputs), store, progress };
}
