/**
 * @file Reading experts: their manifests, sets of them, and single snapshots by range.
 */
import { z } from 'zod';
import { DistilleryError } from '../errors/errors.js';
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
    shards: z.array(
      z.object({ object: referenceSchema, epochs: z.array(z.object({ epoch: count, range: rangeSchema })) }),
    ),
    testAccuracy: z.array(z.number()),
    trainLoss: z.array(z.number()),
  })
  .refine(
    ({ shards, epochs }) =>
      shards.flatMap((shard) => shard.epochs).every(({ epoch }, i) => epoch === i && i <= epochs),
    'its epochs are not in order',
  )
  .refine(
    ({ shards, epochs }) => shards.reduce((sum, shard) => sum + shard.epochs.length, 0) === epochs + 1,
    'an epoch is missing',
  );

const trajectorySetSchema: z.ZodType<TrajectorySet> = z.object({
  kind: z.literal('trajectory-set'),
  network: networkSchema,
  parameterCount: count,
  epochs: count,
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

/**
 * The parameters of an expert after an epoch (0 is the initialisation), flat, read by range and verified.
 * @throws DistilleryError `InvalidTrajectory` when there is no such epoch, `Corrupt` when it is damaged.
 */
export async function readSnapshot(
  store: ArtifactStore,
  trajectory: Trajectory,
  epoch: number,
): Promise<Float32Array> {
  const { object, range } = placeOf(trajectory, epoch);
  const bytes = await store.getRange(object, range);
  return new Float32Array(bytes.buffer, bytes.byteOffset, trajectory.parameterCount);
}

/** Keeps the snapshots used last in memory, shared by all experts and runs of this process. */
export class SnapshotCache {
  readonly #store: ArtifactStore;
  readonly #maxBytes: number;
  /** In order of last use. */
  readonly #snapshots = new Map<string, { bytes: number; snapshot: Promise<Float32Array> }>();
  #bytes = 0;

  /** @param maxBytes default 1 GiB. */
  constructor(store: ArtifactStore, maxBytes = 1024 ** 3) {
    this.#store = store;
    this.#maxBytes = maxBytes;
  }

  /** As `readSnapshot`. The array is shared: do not change it. */
  get(trajectory: Trajectory, epoch: number): Promise<Float32Array> {
    const { object, range } = placeOf(trajectory, epoch);
    const key = `${object.sha256}:${range.offset}`;
    const known = this.#snapshots.get(key);
    if (known !== undefined) {
      this.#snapshots.delete(key);
      this.#snapshots.set(key, known);
      return known.snapshot;
    }
    const snapshot = readSnapshot(this.#store, trajectory, epoch);
    this.#snapshots.set(key, { bytes: range.length, snapshot });
    this.#bytes += range.length;
    this.#evict(key);
    // What could not be read is read anew the next time.
    snapshot.catch(() => {
      if (this.#snapshots.get(key)?.snapshot === snapshot) this.#drop(key);
    });
    return snapshot;
  }

  #evict(newest: string): void {
    for (const key of this.#snapshots.keys()) {
      if (this.#bytes <= this.#maxBytes || key === newest) return;
      this.#drop(key);
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#snapshots.get(key)?.bytes ?? 0;
    this.#snapshots.delete(key);
  }
}

function placeOf(trajectory: Trajectory, epoch: number) {
  for (const { object, epochs } of trajectory.shards) {
    const found = epochs.find((place) => place.epoch === epoch);
    if (found === undefined) continue;
    if (found.range.length !== trajectory.parameterCount * Float32Array.BYTES_PER_ELEMENT) {
      throw new DistilleryError(
        'InvalidTrajectory',
        `Expert ${trajectory.index}, epoch ${epoch}: ${found.range.length} bytes do not hold ` +
          `${trajectory.parameterCount} parameters. Train the expert again.`,
      );
    }
    return { object, range: found.range };
  }
  throw new DistilleryError(
    'InvalidTrajectory',
    `Expert ${trajectory.index} has no epoch ${epoch}, only 0 to ${trajectory.epochs}. ` +
      'Train longer experts or lower maxStartEpoch + expertEpochs.',
  );
}
