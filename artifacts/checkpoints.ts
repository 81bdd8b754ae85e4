/**
 * @file Checkpoints of a unit of work. Each is one object whose key carries its sequence number and digest:
 * it is there whole or not at all, proves itself, and can be removed without touching another. Parts of it, where
 * it is large, are written before it and removed after it.
 */
import { DistilleryError } from '../errors/errors.js';
import { sha256 } from './digest.js';
import { readWithParts, writeInParts } from './checkpoint-parts.js';
import {
  checkpointKey,
  checkpointPartKey,
  checkpointPrefix,
  lineageFolder,
  parseCheckpointKey,
  parseCheckpointPartKey,
} from './layout.js';
import type { Reference } from './reference.js';
import type { NamedTensor, Safetensors } from './safetensors.js';
import type { ArtifactStore } from './store.js';

export const safetensorsMediaType = 'application/vnd.safetensors';

export interface Checkpoint extends Safetensors {
  readonly sequence: number;
  readonly reference: Reference;
}

/** Told of a checkpoint that was passed over, with the reason. */
export type OnDamaged = (key: string, error: DistilleryError) => void;

/** What a checkpoint cost. */
export interface SavedCheckpoint {
  readonly bytes: number;
  /** From the state in memory to the store's answer. */
  readonly seconds: number;
}

export interface CheckpointOptions {
  /**
   * How far this run of the unit is to go. Runs that go as far share their checkpoints; those of others are
   * read but never removed, because what is superseded for a long run may be the last that a short one can use.
   */
  readonly goal?: number | undefined;
  readonly onDamaged?: OnDamaged;
  /** Told of every checkpoint that the store has taken. */
  readonly onSaved?: ((saved: SavedCheckpoint) => void) | undefined;
}

interface Found {
  /** Newest first. */
  readonly checkpoints: readonly Listed[];
  readonly parts: readonly Listed[];
}

interface Listed {
  readonly sequence: number;
  readonly reference: Reference;
  readonly storedAt: Date;
}

/**
 * The content of a sequence number follows from the unit of work alone. So an attempt that was superseded
 * but still runs can only write what is there already, or something older that nobody will take.
 */
export class Checkpoints {
  readonly #store: ArtifactStore;
  readonly #unit: string;
  readonly #goal: number | undefined;
  readonly #onDamaged: OnDamaged;
  readonly #onSaved: CheckpointOptions['onSaved'];

  /** @param unit key of the unit of work, see `unitKey`. */
  constructor(
    store: ArtifactStore,
    unit: string,
    { goal, onDamaged = () => undefined, onSaved }: CheckpointOptions = {},
  ) {
    this.#store = store;
    this.#unit = unit;
    this.#goal = goal;
    this.#onDamaged = onDamaged;
    this.#onSaved = onSaved;
  }

  /** Stores the state after `sequence` steps (epochs, iterations; at most ten digits). */
  async save(
    sequence: number,
    tensors: ReadonlyMap<string, NamedTensor>,
    metadata: Readonly<Record<string, string>> = {},
  ): Promise<Reference> {
    if (!Number.isSafeInteger(sequence) || sequence < 0 || sequence > 9_999_999_999) {
      throw new RangeError(`a checkpoint cannot have sequence number ${sequence}`);
    }
    const start = performance.now();
    let inParts = 0;
    const bytes = await writeInParts(this.#store, tensors, metadata, (part) => {
      inParts += part.length;
      return checkpointPartKey(this.#unit, sequence, sha256(part), this.#goal);
    });
    const key = checkpointKey(this.#unit, sequence, sha256(bytes), this.#goal);
    const reference = await this.#store.putObject(key, bytes, safetensorsMediaType);
    this.#onSaved?.({ bytes: bytes.length + inParts, seconds: (performance.now() - start) / 1000 });
    return reference;
  }

  /** The valid checkpoint of the highest sequence number (not above `atMost`), or undefined when there is none. */
  async newest({ atMost = Infinity }: { readonly atMost?: number } = {}): Promise<Checkpoint | undefined> {
    // Another attempt may prune between our listing and our reading, but then it has written newer ones.
    for (let look = 0; look < 3; look += 1) {
      let vanished = false;
      for (const listed of (await this.#list(checkpointPrefix(this.#unit))).checkpoints) {
        if (listed.sequence > atMost) continue;
        try {
          const { sequence, reference } = listed;
          return { sequence, reference, ...(await readWithParts(this.#store, reference)) };
        } catch (error) {
          if (!(error instanceof DistilleryError) || error.code !== 'Corrupt') throw error;
          if ((await this.#store.getObject(listed.reference.key)) === undefined) vanished = true;
          else this.#onDamaged(listed.reference.key, error);
        }
      }
      if (!vanished) return undefined;
    }
    return undefined;
  }

  /**
   * Removes all but the newest checkpoints of runs with this goal; two by default, so that one may be damaged.
   * @param options upTo: where the caller is. As many up to there are kept besides the newest, because an
   *   earlier run may have left checkpoints that the caller, in an earlier chunk, cannot use.
   */
  async prune({ keep = 2, upTo = Infinity }: { keep?: number; upTo?: number } = {}): Promise<void> {
    const { checkpoints, parts } = await this.#ownList();
    const sequences = [...new Set(checkpoints.map(({ sequence }) => sequence))];
    const usable = sequences.filter((sequence) => sequence <= upTo);
    const kept = new Set([...sequences.slice(0, keep), ...usable.slice(0, keep)]);
    // Parts beyond the newest may be of a checkpoint that is being written.
    const newest = keep === 0 ? Infinity : (sequences[0] ?? -1);
    const superseded = [...checkpoints, ...parts.filter(({ sequence }) => sequence <= newest)];
    for (const { sequence, reference } of superseded) {
      if (!kept.has(sequence)) await this.#store.remove(reference.key);
    }
  }

  /** Removes those of runs with this goal stored at `since` or later; stores tell times in whole seconds. */
  async discard(since: Date): Promise<void> {
    const second = Math.floor(since.getTime() / 1000) * 1000;
    const { checkpoints, parts } = await this.#ownList();
    for (const { reference, storedAt } of [...checkpoints, ...parts]) {
      if (storedAt.getTime() >= second) await this.#store.remove(reference.key);
    }
  }

  /** Those of runs with this goal. */
  async #ownList(): Promise<Found> {
    const folder = lineageFolder(this.#unit, this.#goal);
    const own = ({ reference }: Listed): boolean => !reference.key.slice(folder.length).includes('/');
    const { checkpoints, parts } = await this.#list(folder);
    return { checkpoints: checkpoints.filter(own), parts: parts.filter(own) };
  }

  async #list(prefix: string): Promise<Found> {
    const checkpoints: Listed[] = [];
    const parts: Listed[] = [];
    for await (const { key, bytes, lastModified } of this.#store.list(prefix)) {
      const checkpoint = parseCheckpointKey(key);
      const parsed = checkpoint ?? parseCheckpointPartKey(key);
      if (parsed === undefined) continue;
      const reference = { key, sha256: parsed.sha256, bytes, mediaType: safetensorsMediaType };
      const listed = { sequence: parsed.sequence, reference, storedAt: lastModified };
      (checkpoint === undefined ? parts : checkpoints).push(listed);
    }
    checkpoints.sort((a, b) => b.sequence - a.sequence);
    return { checkpoints, parts };
  }
}
