/**
 * @file Packs the snapshots of an expert into shards of whole epochs and closes them with a manifest.
 */
import type { NetworkSpec } from '../networks/spec.js';
import { safetensorsMediaType } from './checkpoints.js';
import { sha256 } from './digest.js';
import { epochName, expertKey } from './layout.js';
import type { Reference } from './reference.js';
import { elementCount, safetensorsHeaderBytes, writeSafetensors, type NamedTensor } from './safetensors.js';
import type { ArtifactStore } from './store.js';
import type { ParameterShape, Trajectory, TrajectoryShard } from './trajectory.js';
import { getTrajectory } from './trajectories.js';

/** Largest shard; a single epoch that is larger is refused by the store at 64 MiB. */
const maxShardBytes = 48 * 1024 * 1024;
/** Small enough that snapshots not yet in a shard fit into every checkpoint. */
const defaultShardBytes = 16 * 1024 * 1024;

/** What a trajectory is of. */
export interface TrajectoryHead {
  readonly index: number;
  readonly seed: number;
  readonly network: NetworkSpec;
  readonly parameters: readonly ParameterShape[];
}

/** A writer's progress, to keep in the expert's checkpoint. */
export interface WriterState {
  /** Plain JSON: put it into the checkpoint's metadata. */
  readonly shards: readonly TrajectoryShard[];
  /** Flat snapshots that are in no shard yet, by epoch. */
  readonly pending: ReadonlyMap<number, Float32Array>;
}

export class TrajectoryWriter {
  readonly #store: ArtifactStore;
  readonly #unit: string;
  readonly #head: TrajectoryHead;
  readonly #parameterCount: number;
  readonly #shardBytes: number;
  readonly #shards: TrajectoryShard[];
  readonly #pending: Map<number, Float32Array>;

  /**
   * @param unit key of this expert's unit of work: the manifest will be at `experts/<unit>.json`.
   * @param from where an earlier attempt stopped.
   * @param shardBytes shards are closed before they grow beyond this; default 16 MiB, at most 48.
   */
  constructor(
    store: ArtifactStore,
    unit: string,
    head: TrajectoryHead,
    from: WriterState = { shards: [], pending: new Map() },
    shardBytes = defaultShardBytes,
  ) {
    this.#store = store;
    this.#unit = unit;
    this.#head = head;
    this.#parameterCount = head.parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);
    this.#shardBytes = Math.min(shardBytes, maxShardBytes);
    this.#shards = [...from.shards];
    this.#pending = new Map(from.pending);
  }

  /** The epoch that `add` expects next; 0 is the initialisation. */
  get nextEpoch(): number {
    return this.#shards.reduce((sum, { epochs }) => sum + epochs.length, 0) + this.#pending.size;
  }

  /**
   * Takes the snapshot of the next epoch; it is copied. Writes a shard when enough have gathered.
   * @param snapshot all parameters in order, flat; not NaN or infinite, which is for the caller to see to.
   */
  async add(epoch: number, snapshot: Float32Array): Promise<void> {
    if (epoch !== this.nextEpoch || snapshot.length !== this.#parameterCount) {
      throw new RangeError(
        `expected epoch ${this.nextEpoch} of ${this.#parameterCount} parameters, got epoch ${epoch} of ${snapshot.length}`,
      );
    }
    if (this.#pending.size > 0 && (this.#pending.size + 1) * snapshot.byteLength > this.#shardBytes) {
      await this.#closeShard();
    }
    this.#pending.set(epoch, snapshot.slice());
  }

  /** What a new writer needs to go on from here. */
  state(): WriterState {
    return { shards: [...this.#shards], pending: new Map(this.#pending) };
  }

  /**
   * Writes what is pending, then the manifest. When the expert is there already, that one stands.
   * @param testAccuracy by epoch from 0. @param trainLoss by epoch from 1.
   */
  async finish(
    testAccuracy: readonly number[],
    trainLoss: readonly number[],
  ): Promise<{ trajectory: Trajectory; reference: Reference; created: boolean }> {
    const epochs = this.nextEpoch - 1;
    if (testAccuracy.length !== epochs + 1 || trainLoss.length !== epochs) {
      throw new RangeError(`${epochs} epochs need ${epochs + 1} accuracies and ${epochs} losses`);
    }
    if (this.#pending.size > 0) await this.#closeShard();
    const trajectory: Trajectory = {
      kind: 'trajectory',
      ...this.#head,
      parameterCount: this.#parameterCount,
      epochs,
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
    for (const [epoch, snapshot] of this.#pending) {
      let offset = 0;
      for (const { name, shape } of this.#head.parameters) {
        const data = snapshot.subarray(offset, offset + elementCount(shape));
        tensors.set(`${epochName(epoch)}/${name}`, { dtype: 'F32', shape, data });
        offset += data.length;
      }
    }
    const bytes = writeSafetensors(tensors);
    const length = this.#parameterCount * Float32Array.BYTES_PER_ELEMENT;
    let offset = safetensorsHeaderBytes(bytes);
    const epochs = [...this.#pending.keys()].map((epoch) => {
      const range = { offset, length, sha256: sha256(bytes.subarray(offset, offset + length)) };
      offset += length;
      return { epoch, range };
    });
    this.#shards.push({ object: await this.#store.putBlob(bytes, safetensorsMediaType), epochs });
    this.#pending.clear();
  }
}
