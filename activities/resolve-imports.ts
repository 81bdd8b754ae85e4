/**
 * @file `resolveImports`: from `from: RUN/STAGE` or the key of a result to the result itself, before any stage
 * begins. What is not there, not whole, or does not fit is a mistake of the definition.
 */
import { canonicalJson } from '../artifacts/canonical-json.js';
import { lostFrom } from '../artifacts/completeness.js';
import { getIdentity, type IdentityDataset, type StageIdentity } from '../artifacts/identities.js';
import { findRunStage, listRunStages } from '../artifacts/run-stages.js';
import { getStageManifest } from '../artifacts/stages.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { DatasetInput } from '../compute/protocol.js';
import { checkImports } from '../definition/consistency-imports.js';
import {
  type ImportedStage,
  importedTypes,
  importSourceText,
  type StageOfRun,
} from '../definition/imports.js';
import { describeNetwork } from '../definition/network-names.js';
import type { Plan, PlannedStage } from '../definition/plan.js';
import type { StageManifest } from '../definition/stages.js';
import { DistilleryError } from '../errors/errors.js';
import type { ResolveImportsInput, Upstream, UpstreamStage } from './contract.js';

/** @throws DistilleryError `InvalidDefinition` when a result is not there or does not fit */
export async function resolveImports(
  store: ArtifactStore,
  { plan, dataset }: ResolveImportsInput,
): Promise<Upstream> {
  const found: [string, UpstreamStage][] = [];
  for (const imported of plan.imports ?? []) {
    const manifest = await findResult(store, imported);
    const identity = await getIdentity(store, manifest.key);
    if (identity === undefined) {
      throw wrong(
        imported,
        'the store does not say what it was made from, as it comes from an older version: start that run’s ' +
          'definition once more, which computes nothing again',
      );
    }
    checkFit(imported, identity, plan, dataset);
    const stage = stageOf(imported, identity);
    found.push([imported.id, { stage, manifest, state: 'cached', preemptions: 0, failures: 0 }]);
  }
  checkImports(
    plan,
    found.map(([, { stage }]) => stage),
  );
  return Object.fromEntries(found);
}

async function findResult(store: ArtifactStore, imported: ImportedStage): Promise<StageManifest> {
  const { uses, from } = imported;
  const key = 'key' in from ? from.key : await keyOf(store, imported, from);
  const manifest = await getStageManifest(store, uses, key);
  if (manifest === undefined) {
    const reason =
      'key' in from ? await otherType(store, imported, from.key) : 'its result is gone; run it again';
    throw wrong(imported, reason);
  }
  const lost = await lostFrom(store, manifest.output);
  if (lost.length > 0) {
    const names = lost.map((reference) => reference.key).join(', ');
    throw wrong(
      imported,
      `${names} is missing or damaged; start that run’s definition again, which mends it`,
    );
  }
  return manifest;
}

async function keyOf(store: ArtifactStore, imported: ImportedStage, from: StageOfRun): Promise<string> {
  const stage = await findRunStage(store, from);
  if (stage?.type === imported.uses) return stage.key;
  if (stage !== undefined) {
    throw wrong(imported, `it is a ${stage.type} stage, and \`uses\` says ${imported.uses}`);
  }
  const others = (await listRunStages(store, from.workflowId)).map((other) => other.stage);
  throw wrong(
    imported,
    others.length === 0
      ? `no run "${from.workflowId}" has results in ${store.location}`
      : `of the run "${from.workflowId}" there are results of ${others.join(', ')}`,
  );
}

async function otherType(store: ArtifactStore, { uses }: ImportedStage, key: string): Promise<string> {
  for (const type of importedTypes) {
    if (type === uses || (await getStageManifest(store, type, key)) === undefined) continue;
    return `it is the result of a ${type} stage, and \`uses\` says ${uses}`;
  }
  return `${store.location} has no result of that key`;
}

/** What would have seen held-out images; of an evaluation nothing else is made. */
const made: Readonly<Record<Exclude<ImportedStage['uses'], 'evaluate'>, string>> = {
  'train-experts': 'its experts were trained',
  distill: 'its images were distilled',
  select: 'its images were selected',
};

/**
 * Experts must have the network and the division of the data that they are to be matched with: others have seen
 * held-out images. So have images that a distillation starts from. Other images may come from other networks, but
 * they must be normalised as these networks expect.
 */
function checkFit(imported: ImportedStage, identity: StageIdentity, plan: Plan, dataset: DatasetInput): void {
  const { manifest, limit, holdout, seed, zca } = identity.dataset;
  if (manifest !== dataset.manifest.sha256) {
    throw wrong(
      imported,
      `it was made from another data set than ${plan.dataset.source}, or from another version of it`,
    );
  }
  if (zca !== dataset.zca) {
    throw wrong(imported, `it was made ${zca ? 'with' : 'without'} \`zca\`; say the same of this data set`);
  }
  const { uses } = imported;
  if (uses === 'evaluate' || (uses !== 'train-experts' && !startsFrom(plan, imported))) return;
  const ours: Pick<IdentityDataset, 'limit' | 'holdout' | 'seed'> = dataset;
  for (const [name, theirs, own] of [
    ['dataset.limit', limit, ours.limit],
    ['dataset.holdout', holdout, ours.holdout],
    ['seed', seed, ours.seed],
  ] as const) {
    if (theirs === own) continue;
    const text = theirs === undefined ? 'all images' : String(theirs);
    throw wrong(
      imported,
      `${made[uses]} with ${name} ${text}, ` +
        `and this definition has ${String(own ?? 'all images')}: they would have seen held-out images; make them equal`,
    );
  }
  if (uses !== 'train-experts') return;
  if (canonicalJson(identity.network) === canonicalJson(plan.network)) return;
  throw wrong(
    imported,
    `its experts are of ${describeNetwork(identity.network)}, and this definition’s network is ` +
      `${describeNetwork(plan.network)}; make them equal`,
  );
}

/** Whether a distillation of the plan starts from the images. */
function startsFrom({ stages }: Plan, { id }: ImportedStage): boolean {
  return stages.some(
    (stage) =>
      stage.uses === 'distill' && typeof stage.with.init !== 'string' && stage.with.init.stage === id,
  );
}

/** The stage as it was configured, for those that build on it. */
function stageOf({ id, uses }: ImportedStage, { config }: StageIdentity): PlannedStage {
  const stage = {
    id,
    uses,
    needs: [],
    with: config,
    ...(uses === 'distill' && { chunkIterations: 1 }),
    maxParallel: 1,
    retry: { failures: 0, preemptions: 0, backoffSeconds: 0 },
    timeoutSeconds: 1,
    stallTimeoutSeconds: 1,
    onFailure: 'fail',
    cache: true,
  };
  // The configuration is what a plan once held, as its key proves.
  return stage as unknown as PlannedStage;
}

function wrong({ id, from }: ImportedStage, reason: string): DistilleryError {
  return new DistilleryError(
    'InvalidDefinition',
    `stages.${id}.from: ${importSourceText(from)} cannot be taken: ${reason}.`,
  );
}
