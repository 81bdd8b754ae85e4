/**
 * @file Reading single snapshots of experts by range.
 */
import { DistilleryError } from '../errors/errors.js';
import type { ByteRange, Reference } from './reference.js';
import type { ArtifactStore } from './store.js';
import { restoredSnapshot, type StoredSnapshot } from './stored-snapshot.js';
import type { Trajectory } from './trajectory.js';

/**
 * The parameters of an expert after an epoch (0 is the initialisation), flat, read by range and verified.
 * @throws DistilleryError `InvalidTrajectory` when there is no such epoch, `Corrupt` when it is damaged.
 */
export async function readSnapshot(
  store: ArtifactStore,
  trajectory: Trajectory,
  epoch: number,
): Promise<Float32Array> {
  return new SnapshotCache(store, 0).get(trajectory, epoch);
}

/**
 * Keeps the snapshots used last in memory, shared by all experts and runs of this process. A snapshot that is
 * stored as a difference is built on the newest before it that is known.
 */
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
    const missing: Place[] = [];
    let snapshot: Promise<Float32Array> | undefined;
    for (const place of placesTo(trajectory, epoch)) {
      snapshot = this.#known(place.key);
      if (snapshot !== undefined) break;
      missing.push(place);
    }
    for (const place of missing.reverse()) {
      snapshot = this.#read(place, snapshot);
      this.#keep(place.key, 4 * trajectory.parameterCount, snapshot);
    }
    if (snapshot === undefined) throw new RangeError('an epoch that is kept has a place');
    return snapshot;
  }

  async #read(place: Place, before: Promise<Float32Array> | undefined): Promise<Float32Array> {
    const known = await before;
    return restoredSnapshot(
      known,
      storedIn(await this.#store.getRange(place.object, place.range), place.dtype),
    );
  }

  #known(key: string): Promise<Float32Array> | undefined {
    const known = this.#snapshots.get(key);
    if (known === undefined) return undefined;
    this.#snapshots.delete(key);
    this.#snapshots.set(key, known);
    return known.snapshot;
  }

  #keep(key: string, bytes: number, snapshot: Promise<Float32Array>): void {
    this.#snapshots.set(key, { bytes, snapshot });
    this.#bytes += bytes;
    this.#evict(key);
    // What could not be read is read anew the next time.
    snapshot.catch(() => {
      if (this.#snapshots.get(key)?.snapshot === snapshot) this.#drop(key);
    });
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

interface Place {
  readonly key: string;
  readonly object: Reference;
  readonly range: ByteRange;
  readonly dtype: StoredSnapshot['dtype'];
}

/** Where a snapshot lies and, where it is a difference, those before it, backwards to one that is whole. */
function* placesTo(trajectory: Trajectory, epoch: number): Generator<Place, void> {
  const all = trajectory.shards.flatMap(({ object, epochs }) =>
    epochs.map((place) => ({ object, range: place.range, epoch: place.epoch })),
  );
  const wanted = all.findIndex((place) => place.epoch === epoch);
  if (wanted === -1) throw noSuchEpoch(trajectory, epoch);
  for (let index = wanted; index >= 0; index--) {
    const place = all[index];
    if (place === undefined) return;
    const dtype = trajectory.precision === 'fp16-delta' && index > 0 ? 'F16' : 'F32';
    requireLength(trajectory, place.epoch, place.range, dtype);
    const { object, range } = place;
    yield { key: `${object.sha256}:${range.offset}`, object, range, dtype };
    if (dtype === 'F32') return;
  }
}

function storedIn(bytes: Uint8Array, dtype: StoredSnapshot['dtype']): StoredSnapshot {
  // Where it lies in a larger buffer, it need not lie on a whole word.
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  if (dtype === 'F32') {
    const data = new Float32Array(buffer, byteOffset, byteLength / 4);
    return { dtype, shape: [data.length], data };
  }
  const data = new Uint16Array(buffer, byteOffset, byteLength / 2);
  return { dtype, shape: [data.length], data };
}

function requireLength(
  { index, parameterCount }: Trajectory,
  epoch: number,
  { length }: ByteRange,
  dtype: StoredSnapshot['dtype'],
): void {
  if (length === parameterCount * (dtype === 'F32' ? 4 : 2)) return;
  throw new DistilleryError(
    'InvalidTrajectory',
    `Expert ${index}, epoch ${epoch}: ${length} bytes do not hold ${parameterCount} parameters. ` +
      'Train the expert again.',
  );
}

function noSuchEpoch({ index, epochs, kept }: Trajectory, epoch: number): DistilleryError {
  const there = kept ? `${kept.join(', ')} (keepEpochs)` : `0 to ${epochs}`;
  return new DistilleryError(
    'InvalidTrajectory',
    `Expert ${index} has no epoch ${epoch}, only ${there}. ` +
      'Train longer experts or lower maxStartEpoch + expertEpochs.',
  );
}
