/**
 * @file What the activities of a worker work with, made from the environment.
 */
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { createActivities, createComputeActivities, createLightActivities } from '../activities/index.js';
import type { ComputeDependencies, LightDependencies } from '../activities/index.js';
import { openStore } from '../artifacts/s3-store.js';
import type { ArtifactStore } from '../artifacts/store.js';
import { storeWork } from '../artifacts/store-work.js';
import { Stopped } from '../compute/context.js';
import type { CheckpointInterval } from '../compute/checkpoint-policy.js';
import { defaultMemoryLimit } from '../compute/memory.js';
import { ComputePool } from '../compute/pool.js';
import { defaultImageBytes } from '../definition/image-memory.js';
import { stageModulesValue, stagesVariable } from '../custom/stage-modules.js';
import type { CustomStageType } from '../custom/stage-type.js';
import type { EngineInfo } from '../definition/stages.js';
import { importBuiltin } from '../datasets/builtin.js';
import { importDataset } from '../datasets/import.js';
import type { DatasetLoaders } from '../datasets/loader.js';
import { modulesValue, modulesVariable } from '../networks/modules.js';
import { writeReport } from '../report/index.js';
import { distilleryHome } from '../setup/home.js';
import { locateBuiltin } from './builtin-datasets.js';
import { versions } from './versions.js';

/** What a worker does: the workflows and light activities, the compute activities, or both. */
export type Role = 'pipeline' | 'compute' | 'both';

export interface ComputeSettings {
  /** Compute tasks at once, one process each. Default: one per device, else 1. */
  readonly slots?: number;
  /** CUDA devices by index or id, one slot each. */
  readonly devices?: readonly string[];
  /**
   * Modules that define networks of your own, beside those in `DISTILLERY_NETWORKS`: paths of files whose default
   * export is a `CustomNetworks`. The compute processes load them.
   */
  readonly networks?: readonly string[];
  /**
   * Modules that define types of stages which run in the compute process, beside those in `DISTILLERY_STAGES`: paths
   * of files whose default export is what `defineStage` returns, or a list of such. The compute processes load them.
   */
  readonly stageModules?: readonly string[];
  /** Threads per slot. Default: the machine's, shared among the slots. */
  readonly threads?: number;
  /**
   * How long a task may take to write its checkpoint when the worker leaves; it is killed then. Default 1.5.
   * Raise it where single steps take longer, and with it the grace period of whatever stops the worker.
   */
  readonly graceSeconds?: number;
  /**
   * Bytes of memory that the process of a slot may take; it is stopped when it takes more. Default: 90 % of
   * what the machine or the container has, shared among the slots.
   */
  readonly memoryLimit?: number;
  /**
   * Bytes of images that the process of a slot may hold. A larger data set is kept on disk, and images are read
   * there when they are wanted; results are the same. Default: a quarter of the slot's memory.
   */
  readonly datasetMemory?: number;
  /** Folder for such data sets. Default: `images` in the cache folder (`DISTILLERY_HOME`). */
  readonly datasetCache?: string;
  /** Bytes that this folder may hold; what was used least lately goes. Default 100 GiB. */
  readonly datasetCacheBytes?: number;
  /**
   * Seconds between checkpoints: what is lost with a worker that dies without notice. More where writing would
   * take over 2 % of the time; 0 writes after every step, `off` only at the end. Default 10.
   */
  readonly checkpointInterval?: CheckpointInterval;
}

const defaultCacheBytes = 100 * 1024 ** 3;

/** A pool of compute processes; they start with the first task. */
export function createPool(settings: ComputeSettings, onReady?: (engine: EngineInfo) => void): ComputePool {
  const slots = slotsOf(settings);
  const threads = settings.threads ?? Math.max(1, Math.floor(availableParallelism() / slots));
  const memoryLimit = settings.memoryLimit ?? Math.floor(defaultMemoryLimit() / slots);
  return new ComputePool({
    ...settings,
    slots,
    threads,
    memoryLimit,
    imageRoom: {
      memory: settings.datasetMemory ?? defaultImageBytes(memoryLimit),
      folder: resolve(settings.datasetCache ?? join(distilleryHome(), 'images')),
      folderBytes: settings.datasetCacheBytes ?? defaultCacheBytes,
    },
    networks: modulesValue(settings.networks ?? [], process.env[modulesVariable]),
    stages: stageModulesValue(settings.stageModules ?? [], process.env[stagesVariable]),
    ...(onReady !== undefined && { onReady }),
  });
}

export function slotsOf({ slots, devices }: ComputeSettings): number {
  return slots ?? devices?.length ?? 1;
}

/** What the owner of a worker adds to its light activities. */
export interface Additions {
  /**
   * Types of stages of your own, as `defineStage` makes them: definitions say `uses: custom/NAME`. Workers that compute
   * are given the modules of those that run there, as `stageModules`.
   */
  readonly stages?: readonly CustomStageType[];
  /** Data sets that code of yours brings, by name: imported when a definition first says `source: NAME`. */
  readonly datasets?: DatasetLoaders;
}

/** Light activities on the store of the environment, which is opened when the first of them needs it. */
export function lightDependencies(
  say: (line: string) => void,
  { stages = [], datasets = {} }: Additions = {},
): LightDependencies {
  let store: Promise<ArtifactStore> | undefined;
  return {
    async store() {
      for (;;) {
        store ??= openStore(process.env, { createBucket: true }).catch((error: unknown) => {
          // The next activity tries again: the store may only have been late.
          store = undefined;
          throw error;
        });
        try {
          return await store;
        } catch (error) {
          // Another activity, on whose behalf it was opened, has been stopped; this one has not.
          const stopped = storeWork().signal?.aborted === true;
          if (stopped || !(error instanceof Stopped)) throw error;
        }
      }
    },
    async importBuiltin(target, name) {
      const load = Object.hasOwn(datasets, name) ? datasets[name] : undefined;
      if (load === undefined) return importBuiltin(target, name, say, locateBuiltin(say));
      say(`importing ${name} by its loader`);
      return (await importDataset(target, { label: `the loader of ${name}`, load }, { name })).reference;
    },
    writeReport,
    stages,
    versions: versions(),
  };
}

/** The activities of a role. */
export function activitiesOf(role: Role, dependencies: LightDependencies & ComputeDependencies): object {
  switch (role) {
    case 'pipeline':
      return createLightActivities(dependencies);
    case 'compute':
      return createComputeActivities(dependencies);
    case 'both':
      return createActivities(dependencies);
  }
}
