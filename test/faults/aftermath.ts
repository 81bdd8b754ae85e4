/**
 * @file Damage to what a finished run has left, which no checkpoint makes up for: it has to be found, and the
 * same definition started again has to make it anew.
 */
import type { ArtifactStore } from '../../artifacts/store.js';
import { getTrajectory, getTrajectorySet } from '../../artifacts/trajectories.js';
import { verifyStore } from '../../artifacts/verify.js';
import type { PipelineResult } from '../../definition/stages.js';
import { damage } from './damage.js';
import { run, type RunRecord, type RunSettings } from './runs.js';

export interface Aftermath {
  readonly damaged: readonly string[];
  /** Of those, what `distillery artifacts verify` did not find. */
  readonly overlooked: readonly string[];
  /** The run that made anew what was damaged. */
  readonly again: RunRecord;
}

/** Flips a bit in an object of each kind that the run has left, removes what is found damaged, and runs it again. */
export async function damageResults(
  settings: RunSettings,
  { id, seed }: RunRecord,
  result: PipelineResult,
): Promise<Aftermath> {
  const { store } = settings;
  const damaged = await objectsOf(store, result);
  for (const key of damaged) await damage(store, key, 'flip');
  const { findings } = await verifyStore(store, { remove: true });
  const found = new Set(findings.filter(({ problem }) => problem === 'damaged').map(({ key }) => key));
  const overlooked = damaged.filter((key) => !found.has(key));
  return { damaged, overlooked, again: await run(settings, `${id}-again`, seed, id) };
}

/** A shard and the manifest of an expert, the distilled set, its metrics, the scores. */
async function objectsOf(store: ArtifactStore, { stages }: PipelineResult): Promise<string[]> {
  const keys: string[] = [];
  for (const output of Object.values(stages)) {
    if (output.type === 'distill') keys.push(output.result.key, output.metrics.key);
    if (output.type === 'evaluate') keys.push(output.scores.key);
    if (output.type !== 'train-experts') continue;
    const [first] = (await getTrajectorySet(store, output.trajectories)).trajectories;
    if (first === undefined) continue;
    const { shards } = await getTrajectory(store, first);
    keys.push(first.key, ...shards.slice(0, 1).map(({ object }) => object.key));
  }
  return keys;
}
