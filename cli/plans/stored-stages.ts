/**
 * @file Which stages of a plan are in the store already: what a run would find there, and what it would compute.
 */
import { datasetInput } from '../../activities/dataset-input.js';
import { resolveImports } from '../../activities/resolve-imports.js';
import { lostFrom } from '../../artifacts/completeness.js';
import { sha256 } from '../../artifacts/digest.js';
import { datasetKey, definitionKey } from '../../artifacts/layout.js';
import { getStageManifest } from '../../artifacts/stages.js';
import type { ArtifactStore } from '../../artifacts/store.js';
import type { Plan } from '../../definition/plan.js';
import { type ExpectedStage, expectedStages, standIn } from './expected-stages.js';

export interface StoredStages {
  /** Human-readable address of the store. */
  readonly location: string;
  /** Whether the data set has been imported; a built-in one is by the first run that needs it. */
  readonly hasDataset: boolean;
  readonly stages: readonly ExpectedStage[];
}

/**
 * @param definition the bytes that would be sent
 * @throws DistilleryError `InvalidDefinition` when a result of another run cannot be taken; those of the store
 */
export async function storedStages(
  store: ArtifactStore,
  plan: Plan,
  definition: Uint8Array,
): Promise<StoredStages> {
  const digest = sha256(definition);
  const key = definitionKey(digest);
  const dataset = await store.getManifest(datasetKey(plan.dataset.source));
  const imported =
    plan.imports === undefined || dataset === undefined
      ? {}
      : await resolveImports(store, {
          plan,
          dataset: datasetInput(plan.dataset, plan.seed, dataset.reference),
        });
  const stages = await expectedStages(plan, {
    definition: { key, sha256: digest, bytes: definition.length, mediaType: 'application/yaml' },
    dataset: dataset?.reference ?? standIn(`data set ${plan.dataset.source}`),
    imported,
    find: async ({ uses }, stageKey) => {
      const manifest = await getStageManifest(store, uses, stageKey);
      // What is no longer whole is computed again.
      return manifest && (await lostFrom(store, manifest.output)).length === 0 ? manifest : undefined;
    },
  });
  return { location: store.location, hasDataset: dataset !== undefined, stages };
}
