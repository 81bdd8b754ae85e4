/**
 * @file Reading experts: their manifests and sets of them.
 */
import { z } from 'zod';
import { isThere } from './hold.js';
import { expertKey, trajectorySetKey } from './layout.js';
import type { Reference } from './reference.js';
import {
  count,
  findManifest,
  networkSchema,
  parseDocument,
  rangeSchema,
  readManifest,
  referenceSchema,
} from './schemas.js';
import type { ArtifactStore } from './store.js';
import type { Trajectory, TrajectorySet } from './trajectory.js';

const trajectorySchema: z.ZodType<Trajectory> = z
  .object({
    kind: z.literal('trajectory'),
    index: count,
    seed: z.int(),
    network: networkSchema,
    parameters: z.array(z.object({ name: z.string(), shape: z.array(count) })),
    parameterCount: count,
    epochs: count,
    kept: z.array(count).exactOptional(),
    precision: z.literal('fp16-delta').exactOptional(),
    shards: z.array(
      z.object({ object: referenceSchema, epochs: z.array(z.object({ epoch: count, range: rangeSchema })) }),
    ),
    testAccuracy: z.array(z.number()),
    trainLoss: z.array(z.number()),
  })
  .refine(
    ({ shards, epochs, kept }) =>
      shards
        .flatMap((shard) => shard.epochs)
        .every(({ epoch }, i) => epoch === (kept ? kept[i] : i) && epoch <= epochs),
    'its epochs are not in order',
  )
  .refine(
    ({ shards, epochs, kept }) =>
      shards.reduce((sum, shard) => sum + shard.epochs.length, 0) === (kept?.length ?? epochs + 1),
    'an epoch is missing',
  );

const trajectorySetSchema: z.ZodType<TrajectorySet> = z.object({
  kind: z.literal('trajectory-set'),
  network: networkSchema,
  parameterCount: count,
  epochs: count,
  kept: z.array(count).exactOptional(),
  trajectories: z.array(referenceSchema),
});

/** @throws DistilleryError `Corrupt`, or `InvalidTrajectory` when it is not a whole trajectory. */
export function getTrajectory(store: ArtifactStore, reference: Reference): Promise<Trajectory> {
  return readManifest(store, reference, trajectorySchema, 'InvalidTrajectory');
}

/**
 * The expert of a unit of work, or undefined when it has to be trained: there is none, it is damaged, or one of
 * its shards is not there; then its manifest is removed, so that it does not stand in the way of the next.
 * @throws DistilleryError `InvalidTrajectory` when it is not a whole trajectory.
 */
export async function findTrajectory(
  store: ArtifactStore,
  unit: string,
): Promise<{ trajectory: Trajectory; reference: Reference } | undefined> {
  const key = expertKey(unit);
  const found = await findManifest(store, key, z.unknown());
  if (found === undefined) return undefined;
  const trajectory = parseDocument(trajectorySchema, found.document, key, 'InvalidTrajectory');
  if (await hasShards(store, trajectory)) return { trajectory, reference: found.reference };
  await store.remove(key);
  return undefined;
}

/** Whether all its shards are there, with the size they should have. */
export async function hasShards(store: ArtifactStore, { shards }: Trajectory): Promise<boolean> {
  const there = await Promise.all(shards.map(({ object }) => isThere(store, object)));
  return there.every(Boolean);
}

/** @throws DistilleryError `Corrupt`, or `InvalidTrajectory` when it is not a set of trajectories. */
export function getTrajectorySet(store: ArtifactStore, reference: Reference): Promise<TrajectorySet> {
  return readManifest(store, reference, trajectorySetSchema, 'InvalidTrajectory');
}

/**
 * Stores the experts of a stage as one artifact; a set that is there already stands.
 * @param stage the stage's key.
 */
export async function putTrajectorySet(
  store: ArtifactStore,
  stage: string,
  set: TrajectorySet,
): Promise<Reference> {
  return (await store.putManifest(trajectorySetKey(stage), set)).reference;
}
