/**
 * @file Garbage collection, by mark and sweep: removes what nothing refers to and nobody has written for long.
 * It may run beside pipelines. What they have made but not named yet is younger than a day, and what they rely
 * on although it is older they write again (see `hold.ts`).
 */
import { randomUUID } from 'node:crypto';
import { safeAgeMs } from './hold.js';
import { blobFolders, checkpointPrefix, distillationPrefix } from './layout.js';
import { Marks } from './marks.js';
import type { ArtifactStore, StoredObject } from './store.js';

export interface GarbageOptions {
  /** Younger objects stay, in ms; never less than a day. Default 7 days. */
  readonly olderThanMs?: number;
  /** Counts and removes nothing. */
  readonly dryRun?: boolean;
  /** Default: what the store's own clock says, as that dates its objects. */
  readonly now?: Date;
  /** Told what is being done, in plain lines. */
  readonly say?: (line: string) => void;
}

export interface Removed {
  readonly kind: 'blobs' | 'checkpoints' | 'distillations' | 'probes';
  readonly objects: number;
  readonly bytes: number;
}

export interface GarbageReport {
  readonly dryRun: boolean;
  /** Removed, or to be removed. */
  readonly removed: readonly Removed[];
  /** Damaged documents: as what they refer to is not known, no blob was removed. */
  readonly unreadable: readonly string[];
}

/** Removes garbage. @throws DistilleryError of the store; what was removed until then was garbage. */
export async function collectGarbage(
  store: ArtifactStore,
  options: GarbageOptions = {},
): Promise<GarbageReport> {
  const { olderThanMs = 7 * safeAgeMs, dryRun = false, say = () => undefined } = options;
  const now = options.now ?? (dryRun ? new Date() : await storeClock(store));
  const sweep = new Sweep(store, dryRun, now.getTime() - Math.max(olderThanMs, safeAgeMs));

  say('looking for units of work that go on');
  const units = await sweep.unitsByAge();
  const marks = new Marks(store);
  for (const unit of units.live) await marks.addUnit(unit);
  say(`${units.live.length} units go on, ${units.dead.length} were left long ago; reading manifests`);
  await marks.addManifests();
  say(`${marks.documents} documents read; sweeping`);
  for (const unit of units.dead) await sweep.unit(unit);
  await sweep.prefix('probe/', 'probes', () => false);
  if (marks.unreadable.length === 0) {
    for (const folder of blobFolders()) {
      await sweep.prefix(folder, 'blobs', (key) => marks.has(key.slice(folder.length)));
    }
  }
  return { dryRun, removed: sweep.removed(), unreadable: marks.unreadable };
}

class Sweep {
  readonly #removed = new Map<Removed['kind'], Removed>();

  constructor(
    private readonly store: ArtifactStore,
    private readonly dryRun: boolean,
    private readonly cutoff: number,
  ) {}

  removed(): Removed[] {
    return [...this.#removed.values()];
  }

  /** Units of work with checkpoints or chunks, by whether one of these is young. */
  async unitsByAge(): Promise<{ live: string[]; dead: string[] }> {
    const live = new Set<string>();
    const all = new Set<string>();
    for (const prefix of ['checkpoints/', 'distillations/']) {
      for await (const object of this.store.list(prefix)) {
        const [, unit = ''] = object.key.split('/');
        all.add(unit);
        if (!this.#isOld(object)) live.add(unit);
      }
    }
    return { live: [...live], dead: [...all].filter((unit) => !live.has(unit)) };
  }

  /** Removes all of a unit of work, unless somebody has taken it up again. */
  async unit(unit: string): Promise<void> {
    const objects: [StoredObject, Removed['kind']][] = [];
    for await (const object of this.store.list(checkpointPrefix(unit))) objects.push([object, 'checkpoints']);
    for await (const object of this.store.list(distillationPrefix(unit)))
      objects.push([object, 'distillations']);
    if (!objects.every(([object]) => this.#isOld(object))) return;
    for (const [object, kind] of objects) await this.#remove(object, kind);
  }

  /** Removes what is old below a prefix, except what is kept. */
  async prefix(prefix: string, kind: Removed['kind'], isKept: (key: string) => boolean): Promise<void> {
    for await (const object of this.store.list(prefix)) {
      if (isKept(object.key) || !this.#isOld(object)) continue;
      // Somebody may have written it again since it was listed.
      const still = this.dryRun ? object : await this.store.stat(object.key);
      if (still !== undefined && this.#isOld(still)) await this.#remove(object, kind);
    }
  }

  async #remove({ key, bytes }: StoredObject, kind: Removed['kind']): Promise<void> {
    if (!this.dryRun) await this.store.remove(key);
    const sum = this.#removed.get(kind);
    this.#removed.set(kind, { kind, objects: (sum?.objects ?? 0) + 1, bytes: (sum?.bytes ?? 0) + bytes });
  }

  #isOld({ lastModified }: Pick<StoredObject, 'lastModified'>): boolean {
    return lastModified.getTime() < this.cutoff;
  }
}

async function storeClock(store: ArtifactStore): Promise<Date> {
  const { key } = await store.putObject(`probe/${randomUUID()}`, new Uint8Array(1), 'text/plain');
  const written = await store.stat(key);
  await store.remove(key);
  return written?.lastModified ?? new Date();
}
