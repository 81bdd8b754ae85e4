/**
 * @file Packs the snapshots of an expert into shards of whole epochs and closes them with a manifest.
 */
import type { NetworkSpec } from '../networks/spec.js';
import { safetensorsMediaType } from './checkpoints.js';
import { sha256 } from './digest.js';
import { epochName, expertKey } from './layout.js';
import type { Reference } from './reference.js';
import { elementCount, safetensorsHeaderBytes, writeSafetensors, type NamedTensor } from './safetensors.js';
import { restoredSnapshot, snapshotDelta, wholeSnapshot, type StoredSnapshot } from './stored-snapshot.js';
import type { ArtifactStore } from './store.js';
import type { ParameterShape, Trajectory, TrajectoryShard } from './trajectory.js';
import { getTrajectory } from './trajectories.js';

/** Of what an object may have, for shards; the rest is for headers, and for a single epoch that is larger. */
const largestShare = 3 / 4;
/** Small enough that snapshots not yet in a shard fit into every checkpoint. */
const defaultShardBytes = 16 * 1024 * 1024;

/** What a trajectory is of. */
export interface TrajectoryHead {
  readonly index: number;
  readonly seed: number;
  readonly network: NetworkSpec;
  readonly parameters: readonly ParameterShape[];
}

/** How a trajectory is stored. */
export interface TrajectoryStorage {
  /** Epochs to keep, in order; all from 0 on when absent. */
  readonly kept?: readonly number[] | undefined;
  /** Float32 when absent; see {@link Trajectory}. */
  readonly precision?: 'fp16-delta' | undefined;
  /** Shards are closed before they grow beyond this; default 16 MiB, at most 48. */
  readonly shardBytes?: number;
}

/** A writer's progress, to keep in the expert's checkpoint. */
export interface WriterState {
  /** Plain JSON: put it into the checkpoint's metadata. */
  readonly shards: readonly TrajectoryShard[];
  /** Snapshots that are in no shard yet, by epoch. */
  readonly pending: ReadonlyMap<number, StoredSnapshot>;
  /** Where differences are stored: the newest snapshot as a reader will have it. */
  readonly newest?: Float32Array | undefined;
}

export class TrajectoryWriter {
  readonly #store: ArtifactStore;
  readonly #unit: string;
  readonly #head: TrajectoryHead;
  readonly #parameterCount: number;
  readonly #shardBytes: number;
  readonly #storage: TrajectoryStorage;
  readonly #shards: TrajectoryShard[];
  readonly #pending: Map<number, StoredSnapshot>;
  #newest: Float32Array | undefined;

  /**
   * @param unit key of this expert's unit of work: the manifest will be at `experts/<unit>.json`.
   * @param from where an earlier attempt stopped.
   * @param storage by default every epoch in float32.
   */
  constructor(
    store: ArtifactStore,
    unit: string,
    head: TrajectoryHead,
    from: WriterState = { shards: [], pending: new Map() },
    storage: TrajectoryStorage = {},
  ) {
    this.#store = store;
    this.#unit = unit;
    this.#head = head;
    this.#parameterCount = head.parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);
    this.#shardBytes = Math.min(storage.shardBytes ?? defaultShardBytes, largestShare * store.maxObjectBytes);
    this.#storage = storage;
    this.#shards = [...from.shards];
    this.#pending = new Map(from.pending);
    this.#newest = from.newest;
  }

  /** The epoch that `add` expects next; 0 is the initialisation. Infinite when all are there. */
  get nextEpoch(): number {
    const { kept } = this.#storage;
    return kept ? (kept[this.#count] ?? Infinity) : this.#count;
  }

  /** Snapshots so far. */
  get #count(): number {
    return this.#shards.reduce((sum, { epochs }) => sum + epochs.length, 0) + this.#pending.size;
  }

  /**
   * Takes the snapshot of the next epoch to keep; it is copied. Writes a shard when enough have gathered.
   * @param snapshot all parameters in order, flat; not NaN or infinite, which is for the caller to see to.
   */
  async add(epoch: number, snapshot: Float32Array): Promise<void> {
    if (epoch !== this.nextEpoch || snapshot.length !== this.#parameterCount) {
      throw new RangeError(
        `expected epoch ${this.nextEpoch} of ${this.#parameterCount} parameters, got epoch ${epoch} of ${snapshot.length}`,
      );
    }
    const stored = this.#stored(snapshot);
    const waiting = [...this.#pending.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
    if (waiting > 0 && waiting + stored.data.byteLength > this.#shardBytes) await this.#closeShard();
    this.#pending.set(epoch, stored);
    if (this.#storage.precision) this.#newest = restoredSnapshot(this.#newest, stored).slice();
  }

  #stored(snapshot: Float32Array): StoredSnapshot {
    return this.#newest ? snapshotDelta(this.#newest, snapshot) : wholeSnapshot(snapshot);
  }

  /** What a new writer needs to go on from here. */
  state(): WriterState {
    const newest = this.#newest;
    return { shards: [...this.#shards], pending: new Map(this.#pending), ...(newest && { newest }) };
  }

  /**
   * Writes what is pending, then the manifest. When the expert is there already, that one stands.
   * @param testAccuracy by epoch from 0. @param trainLoss by epoch from 1.
   */
  async finish(
    testAccuracy: readonly number[],
    trainLoss: readonly number[],
  ): Promise<{ trajectory: Trajectory; reference: Reference; created: boolean }> {
    const epochs = trainLoss.length;
    const { kept, precision } = this.#storage;
    const missing = this.nextEpoch <= epochs || (kept === undefined && this.#count !== epochs + 1);
    if (testAccuracy.length !== epochs + 1 || missing) {
      throw new RangeError(
        `${epochs} epochs need ${epochs + 1} accuracies and all snapshots that are to be kept`,
      );
    }
    if (this.#pending.size > 0) await this.#closeShard();
    const trajectory: Trajectory = {
      kind: 'trajectory',
      ...this.#head,
      parameterCount: this.#parameterCount,
      epochs,
      ...(kept && { kept }),
      ...(precision && { precision }),
      shards: this.#shards,
      testAccuracy,
      trainLoss,
    };
    const { created, reference } = await this.#store.putManifest(expertKey(this.#unit), trajectory);
    return {
      trajectory: created ? trajectory : await getTrajectory(this.#store, reference),
      reference,
      created,
    };
  }

  async #closeShard(): Promise<void> {
    const tensors = new Map<string, NamedTensor>();
    for (const [epoch, stored] of this.#pending) {
      const name = stored.dtype === 'F32' ? epochName(epoch) : `${epochName(epoch)}-delta`;
      let offset = 0;
      for (const parameter of this.#head.parameters) {
        const end = offset + elementCount(parameter.shape);
        tensors.set(`${name}/${parameter.name}`, part(stored, parameter.shape, offset, end));
        offset = end;
      }
    }
    const bytes = writeSafetensors(tensors);
    let offset = safetensorsHeaderBytes(bytes);
    const epochs = [...this.#pending].map(([epoch, { data }]) => {
      const length = data.byteLength;
      const range = { offset, length, sha256: sha256(bytes.subarray(offset, offset + length)) };
      offset += length;
      return { epoch, range };
    });
    this.#shards.push({ object: await this.#store.putBlob(bytes, safetensorsMediaType), epochs });
    this.#pending.clear();
  }
}

function part(stored: StoredSnapshot, shape: readonly number[], from: number, to: number): NamedTensor {
  return stored.dtype === 'F32'
    ? { dtype: 'F32', shape, data: stored.data.subarray(from, to) }
    : { dtype: 'F16', shape, data: stored.data.subarray(from, to) };
}
