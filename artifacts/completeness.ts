/**
 * @file Whether all that a stage's result names is still there, before the result is used again: somebody may
 * have removed or damaged some of it. What is large is only looked at; it is verified when it is read.
 */
import type { CustomOutput, StageOutput } from '../definition/stages.js';
import { DistilleryError } from '../errors/errors.js';
import { isThere } from './hold.js';
import { partsOf } from './parts.js';
import type { Reference } from './reference.js';
import type { ArtifactStore } from './store.js';
import { getTrajectory, getTrajectorySet, hasShards } from './trajectories.js';

/** Objects up to this size are read and verified, as that costs little more than looking. */
const verifiedBytes = 4 * 1024 * 1024;
/** Experts looked at at once. */
const parallel = 16;

/**
 * The references of a result that lead to something missing or damaged; none when it is whole. What an expert
 * lacks is reported as the trajectory set: the other experts of it can be used as they are.
 */
export async function lostFrom(store: ArtifactStore, output: StageOutput): Promise<Reference[]> {
  switch (output.type) {
    case 'train-experts':
      return (await isWholeSet(store, output.trajectories)) ? [] : [output.trajectories];
    case 'distill':
      return lost(store, [output.result, output.metrics]);
    case 'select':
      return lost(store, [output.result]);
    case 'evaluate':
      return lost(store, [output.scores]);
    case 'report':
      return lost(store, [output.report, ...output.files]);
    case 'custom':
      return lost(store, [output.document, ...artifactsOf(output)]);
  }
}

function artifactsOf({ outputs }: CustomOutput): Reference[] {
  return Object.values(outputs).filter((value) => typeof value === 'object');
}

async function isWholeSet(store: ArtifactStore, reference: Reference): Promise<boolean> {
  return unlessDamaged(async () => {
    const { trajectories } = await getTrajectorySet(store, reference);
    for (let start = 0; start < trajectories.length; start += parallel) {
      const experts = trajectories.slice(start, start + parallel);
      const whole = await Promise.all(
        experts.map(async (expert) => hasShards(store, await getTrajectory(store, expert))),
      );
      if (!whole.every(Boolean)) return false;
    }
    return true;
  });
}

async function lost(store: ArtifactStore, references: readonly Reference[]): Promise<Reference[]> {
  const gone: Reference[] = [];
  for (const reference of references) {
    const whole = await unlessDamaged(async () => {
      const parts = await partsOf(store, reference);
      const there = await Promise.all(parts.map((part) => isWhole(store, part)));
      return there.every(Boolean);
    });
    if (!whole) gone.push(reference);
  }
  return gone;
}

async function isWhole(store: ArtifactStore, reference: Reference): Promise<boolean> {
  if (reference.bytes > verifiedBytes) return isThere(store, reference);
  await store.get(reference);
  return true;
}

async function unlessDamaged(look: () => Promise<boolean>): Promise<boolean> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof DistilleryError && error.code === 'Corrupt') return false;
    throw error;
  }
}
