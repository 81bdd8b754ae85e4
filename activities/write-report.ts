/**
 * @file `writeReport`: hands the report what it is made from.
 */
import { getIdentity } from '../artifacts/identities.js';
import type { Reference } from '../artifacts/reference.js';
import { getStageManifest } from '../artifacts/stages.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { Plan, PlannedStage } from '../definition/plan.js';
import type { ReportOutput } from '../definition/stages.js';
import { DistilleryError } from '../errors/errors.js';
import type { ReportedStage, ReportInput } from '../report/input.js';
import type { Upstream, UpstreamKeys, WriteReportInput } from './contract.js';

export type ReportWriter = (store: ArtifactStore, input: ReportInput) => Promise<ReportOutput>;

export interface ReportSettings {
  readonly writer: ReportWriter;
  readonly versions: Readonly<Record<string, string>>;
  /** Queue the pipeline was started on. */
  readonly taskQueue: string;
}

export async function writeReport(
  store: ArtifactStore,
  { writer, versions, taskQueue }: ReportSettings,
  { source, dataset, upstream, upstreamKeys = {}, finishedAt }: WriteReportInput,
): Promise<ReportOutput> {
  const { definition, plan: planned, ...run } = source;
  const own = await planOf(store, planned);
  // What comes from other runs is reported like what this one has made.
  const imports = new Set(own.imports?.map(({ id }) => id));
  // Of an evaluation it is not known which images of the other run it was of.
  const taken = Object.values(upstream).flatMap(({ stage }) =>
    imports.has(stage.id) && stage.uses !== 'evaluate' ? [stage] : [],
  );
  const settled = await Promise.all(
    own.stages.map((stage) => withSettings(store, stage, upstream, upstreamKeys)),
  );
  const plan = { ...own, stages: [...taken, ...settled] };
  const stages = Object.entries(upstream).map(
    ([id, { manifest, state, preemptions, failures }]): [string, ReportedStage] => [
      id,
      { output: manifest.output, manifest, state, preemptions, failures },
    ],
  );
  stages.push(...(await readStages(store, plan, upstreamKeys)));
  // Without a prototype: a stage may be called `constructor`, and have no result yet.
  const byId = Object.assign(Object.create(null) as object, Object.fromEntries(stages));
  return writer(store, {
    ...run,
    plan,
    definitionText: new TextDecoder().decode(await store.get(definition)),
    dataset,
    stages: byId,
    finishedAt,
    temporalCommand: temporalCommand(plan, taskQueue, run.workflowId),
    versions,
    seed: plan.seed,
  });
}

/** Manifests read at once. */
const parallel = 16;

/** @throws DistilleryError `Corrupt` when a result is no longer there. */
async function readStages(
  store: ArtifactStore,
  { stages }: Plan,
  keys: UpstreamKeys,
): Promise<[string, ReportedStage][]> {
  const named = stages.flatMap(({ id, uses }) => {
    const known = Object.hasOwn(keys, id) ? keys[id] : undefined;
    return known === undefined ? [] : [{ id, uses, known }];
  });
  const read: [string, ReportedStage][] = [];
  for (let start = 0; start < named.length; start += parallel) {
    const batch = named.slice(start, start + parallel).map(async ({ id, uses, known }) => {
      const { key, state, preemptions, failures } = known;
      const manifest = await getStageManifest(store, uses, key);
      if (manifest === undefined)
        throw new DistilleryError(
          'Corrupt',
          `The result of stage ${id} is no longer in the store (stages/${uses}/${key}.json). Start the definition again: the rest is found and this is made anew.`,
        );
      const stage: ReportedStage = { output: manifest.output, manifest, state, preemptions, failures };
      return [id, stage] satisfies [string, ReportedStage];
    });
    read.push(...(await Promise.all(batch)));
  }
  return read;
}

/** As it was computed: what the plan could not say of a stage is known by its result. */
async function withSettings(
  store: ArtifactStore,
  stage: PlannedStage,
  upstream: Upstream,
  keys: UpstreamKeys,
): Promise<PlannedStage> {
  const { late, ...rest } = stage;
  if (late === undefined) return stage;
  if (Object.hasOwn(upstream, stage.id)) return upstream[stage.id]?.stage ?? stage;
  const known = Object.hasOwn(keys, stage.id) ? keys[stage.id] : undefined;
  const identity = known && (await getIdentity(store, known.key));
  if (identity === undefined) return stage;
  const references = Object.entries(stage.with).filter(
    ([, value]) => typeof value === 'object' && 'output' in value,
  );
  // The configuration is what the stage was computed with, as its key proves.
  return { ...rest, with: { ...identity.config, ...Object.fromEntries(references) } } as PlannedStage;
}

async function planOf(store: ArtifactStore, source: Reference | Plan): Promise<Plan> {
  if (!('sha256' in source)) return source;
  // Verified by its digest, so it is as `compileDefinition` wrote it.
  return JSON.parse(new TextDecoder().decode(await store.get(source))) as Plan;
}

/**
 * The shell commands that start the same run, with the definition in a file of the pipeline's name. The
 * parameters need a file of their own, as the CLI takes its inputs either all from files or none.
 */
export function temporalCommand({ name, params }: Plan, taskQueue: string, workflowId: string): string {
  const start = [
    'temporal workflow start --type pipeline',
    `--task-queue ${quoted(taskQueue)} --workflow-id ${quoted(workflowId)}`,
    `--input-file ${name}.yaml --input-meta encoding=binary/plain`,
  ];
  if (Object.keys(params).length === 0) return start.join(' ');
  const options = `printf %s ${quoted(JSON.stringify({ params }))} > params.json`;
  return `${options}\n${start.join(' ')} --input-file params.json --input-meta encoding=json/plain`;
}

/** As one word of a POSIX shell. */
function quoted(text: string): string {
  return /^[\w./[\]=:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
