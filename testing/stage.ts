/**
 * @file A type of stage run by itself, on a store in memory.
 */
import { checkOutputs } from '../activities/custom-outputs.js';
import { stageContext } from '../activities/stage-context.js';
import type { RunContext } from '../activities/contract.js';
import type { CustomStageType } from '../custom/stage-type.js';
import { importDataset } from '../datasets/import.js';
import type { DatasetLoader } from '../datasets/loader.js';
import type { CustomStage } from '../definition/plan.js';
import type { CustomOutput } from '../definition/stages.js';
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
  readonly signal?: AbortSignal;
}

export interface StageTrial {
  readonly output: CustomOutput;
  readonly store: MemoryStore;
  /** What it said of its progress. */
  readonly progress: readonly { readonly done: number; readonly total: number }[];
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
  { store = new MemoryStore(), seed = 1, dataset, holdout = 1, signal }: TryStageOptions = {},
): Promise<StageTrial> {
  const none = { key: 'datasets/none.json', sha256: '0'.repeat(64), bytes: 0, mediaType: 'application/json' };
  const manifest =
    dataset === undefined
      ? none
      : (await importDataset(store, { label: 'the data set', load: dataset }, { name: 'tried' })).reference;
  const run: Pick<RunContext, 'seed' | 'dataset'> = { seed, dataset: { manifest, holdout, seed } };
  const progress: { done: number; total: number }[] = [];
  const stage: Pick<CustomStage, 'id' | 'type'> = { id: type.name, type: type.name };
  const context = stageContext({
    store,
    stage,
    run,
    signal: signal ?? new AbortController().signal,
    report: ({ done, total }) => progress.push({ done, total }),
  });
  const outputs = await type.run(type.inputs.parse(settings) as never, context);
  return { output: await checkOutputs(store, type, stage.id, outputs), store, progress };
}
