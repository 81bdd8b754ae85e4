/**
 * @file Which result each stage of a plan would have, known by its key before anything runs. Where a result is not
 * there yet, what builds on it has a key that no store knows, but still one that is the same for the same work.
 */
import type { Upstream, UpstreamStage } from '../../activities/contract.js';
import { datasetInput } from '../../activities/dataset-input.js';
import { identityOf } from '../../activities/stage-identity.js';
import { sha256 } from '../../artifacts/digest.js';
import { keyOfIdentity, type StageIdentity } from '../../artifacts/identities.js';
import type { Reference } from '../../artifacts/reference.js';
import { type ImportedStage, importSourceText } from '../../definition/imports.js';
import { isReference } from '../../definition/artifact.js';
import { fillConfig } from '../../definition/custom-stages.js';
import { plainOutputs } from '../../definition/outputs.js';
import type { CustomStage, Plan, PlannedStage, StageType } from '../../definition/plan.js';
import { type LateValues, settleStage } from '../../definition/settle-stage.js';
import { shownSettings } from '../../definition/settings.js';
import type { StageManifest, StageOutput } from '../../definition/stages.js';
import { conditionProblem } from '../../workflows/conditions.js';
import { customInputs, stageInputs } from '../../workflows/stage-inputs.js';
import { takenFrom, usedStages } from '../../workflows/upstream.js';

export interface ExpectedStage {
  readonly stage: PlannedStage;
  readonly identity: StageIdentity;
  /** Digest of the identity. */
  readonly key: string;
  /** Whether a store knows the result by this key: nothing before it is still to be computed. */
  readonly isKnown: boolean;
  /** Why it will not run, as far as that is known: by its condition, or because what it needs does not. */
  readonly skipped?: string;
  /** The result, where it is there. */
  readonly found?: StageManifest;
  /** Id of the stage that each input comes from, by name of the input. */
  readonly sources: Readonly<Record<string, string>>;
}

export interface Surroundings {
  readonly definition: Reference;
  /** Manifest of the data set, or a stand-in for it. */
  readonly dataset: Reference;
  /** Results of other runs, where they are known. */
  readonly imported?: Upstream;
  /** Looks for a result by its key. */
  readonly find?: (stage: PlannedStage, key: string) => Promise<StageManifest | undefined>;
}

export async function expectedStages(
  plan: Plan,
  { definition, dataset, imported, find }: Surroundings,
): Promise<ExpectedStage[]> {
  const { seed, network } = plan;
  const run = { seed, network, dataset: datasetInput(plan.dataset, seed, dataset) };
  const results = new Map<string, UpstreamStage>();
  /** Which stage an artifact is of, by digest. */
  const makers = new Map<string, string>();
  const add = (id: string, result: UpstreamStage): void => {
    results.set(id, result);
    const { output } = result.manifest;
    const artifacts: object =
      output.type === 'custom' ? { ...output.outputs, document: output.document } : output;
    for (const value of Object.values(artifacts) as unknown[])
      if (isReference(value) && !makers.has(value.sha256)) makers.set(value.sha256, id);
  };
  for (const stage of plan.imports ?? []) add(stage.id, imported?.[stage.id] ?? unknownImport(stage));

  const skippedIds = new Set<string>();
  const expected: ExpectedStage[] = [];
  for (const planned of plan.stages) {
    const stage = settled(plan, planned, results);
    const used = usedStages(plan, planned);
    // A report is written without what is skipped.
    const isLeftOut = (id: string): boolean => stage.uses === 'report' && skippedIds.has(id);
    const upstream = Object.fromEntries([...results].filter(([id]) => used.has(id) && !isLeftOut(id)));
    const { work, inputs } =
      stage.uses === 'custom'
        ? expectedCustom(stage, upstream)
        : { work: stage, inputs: stageInputs(stage, upstream, definition) };
    const identity = identityOf({ stage: shown(work), run, inputs });
    const key = keyOfIdentity(identity);
    const isSettled = stage.late === undefined;
    const isKnown = isSettled && !Object.values(inputs).some(isStandIn) && !isStandIn(dataset);
    const skipped = skippedBecause(stage, results, skippedIds);
    if (skipped !== undefined) skippedIds.add(stage.id);
    const looksFor = isKnown && stage.cache && skipped === undefined;
    const found = looksFor ? await find?.(stage, key) : undefined;
    const sources = Object.entries(inputs).flatMap(([name, input]) => {
      const maker = stage.uses === 'custom' ? stage.inputs[name]?.stage : makers.get(input.sha256);
      return maker === undefined ? [] : [[name, maker] as const];
    });
    expected.push({
      stage,
      identity,
      key,
      isKnown,
      ...(skipped !== undefined && { skipped }),
      ...(found && { found }),
      sources: Object.fromEntries(sources),
    });
    add(stage.id, upstreamStage(stage, found ?? standInManifest(stage.uses, key)));
  }
  return expected;
}

/** As the walk of a pipeline decides it, from results that are there; one without a value is for the run to say. */
function skippedBecause(
  { uses, when, needs }: PlannedStage,
  results: ReadonlyMap<string, UpstreamStage>,
  skipped: ReadonlySet<string>,
): string | undefined {
  if (uses !== 'report' && needs.some((id) => skipped.has(id))) return 'a stage it needs is skipped';
  if (when === undefined) return undefined;
  if (when !== false && !Object.values(when.stages).every((id) => isThere(results.get(id)))) return undefined;
  try {
    return conditionProblem(when, (id) => results.get(id)?.manifest.output);
  } catch {
    return undefined;
  }
}

/** Whether it is a result, and nothing that stands in for one. */
function isThere(result: UpstreamStage | undefined): boolean {
  return result !== undefined && result.manifest.workflowId !== '';
}

/** With its late settings, where all the stages that these are made of have results. */
function settled(plan: Plan, stage: PlannedStage, results: ReadonlyMap<string, UpstreamStage>): PlannedStage {
  if (stage.late === undefined) return stage;
  const found = Object.entries(stage.late.stages).map(([written, id]) => [written, results.get(id)] as const);
  if (!found.every(([, result]) => isThere(result))) return stage;
  const sources = [...takenFrom(stage)].flatMap((id) => results.get(id)?.stage ?? []);
  const values = found.map(([written, result]) => [
    written,
    result ? plainOutputs(result.manifest.output) : {},
  ]);
  return settleStage(
    { ...plan, stages: [...sources, stage] },
    stage.id,
    Object.fromEntries(values) as LateValues,
  );
}

/** With expressions where settings are not known, so that other expressions are other work. */
function shown(stage: PlannedStage): PlannedStage {
  return stage.late === undefined ? stage : ({ ...stage, with: shownSettings(stage) } as PlannedStage);
}

/** With the values of other stages in its configuration, as far as these have ended. */
function expectedCustom(
  stage: CustomStage,
  upstream: Upstream,
): { work: CustomStage; inputs: Record<string, Reference> } {
  const places = Object.entries(stage.inputs);
  const there = {
    ...stage,
    inputs: Object.fromEntries(places.filter(([, from]) => isThere(upstream[from.stage]))),
  };
  const { values, artifacts } = customInputs(there, upstream);
  const missing = places
    .filter(([, from]) => !isThere(upstream[from.stage]))
    .map(
      ([place, from]) =>
        [place, standIn(`${upstream[from.stage]?.manifest.key ?? ''} ${from.output}`)] as const,
    );
  return {
    work: { ...stage, with: fillConfig(stage.with, values) },
    inputs: { ...artifacts, ...Object.fromEntries(missing) },
  };
}

const standInPrefix = 'expected/';

/** Names something that is not there yet; the same text stands for the same thing. */
export function standIn(text: string): Reference {
  return { key: `${standInPrefix}${text}`, sha256: sha256(text), bytes: 0, mediaType: 'text/plain' };
}

function isStandIn({ key }: Reference): boolean {
  return key.startsWith(standInPrefix);
}

function unknownImport({ id, uses, from }: ImportedStage): UpstreamStage {
  // Only its type and its output are looked at.
  const stage = { id, uses, needs: [], with: {} } as unknown as PlannedStage;
  return upstreamStage(stage, standInManifest(uses, importSourceText(from)));
}

function upstreamStage(stage: PlannedStage, manifest: StageManifest): UpstreamStage {
  return { stage, manifest, state: 'cached', preemptions: 0, failures: 0 };
}

function standInManifest(type: StageType, key: string): StageManifest {
  return {
    key,
    type,
    output: standInOutput(type, key),
    workflowId: '',
    runId: '',
    finishedAt: '',
    seconds: 0,
  };
}

function standInOutput(type: StageType, key: string): StageOutput {
  const of = (name: string): Reference => standIn(`${key} ${name}`);
  switch (type) {
    case 'train-experts':
      return { type, trajectories: of('trajectories'), count: 0, accuracyByEpoch: [], accuracy: 0, std: 0 };
    case 'distill':
      return {
        type,
        result: of('result'),
        metrics: of('metrics'),
        iteration: 0,
        iterations: 0,
        learnedRate: 0,
        candidates: [],
      };
    case 'select':
      return { type, result: of('result'), method: 'random', count: 0 };
    case 'evaluate':
      return { type, scores: of('scores'), rows: [] };
    case 'custom':
      return { type, stage: '', outputs: {}, images: {}, document: of('document') };
    case 'report':
      return { type, folder: '', report: of('report'), files: [] };
  }
}
