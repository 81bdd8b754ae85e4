/**
 * @file A folder on this machine that keeps blobs, so that they can be read there by parts and the next process
 * need not fetch them. Processes may share it: files appear whole, each is verified when it is opened, and what
 * was used least lately goes when there is no more room.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeFileSync, type Stats } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, statfs, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DistilleryError } from '../errors/errors.js';
import { sha256 } from './digest.js';
import { blobKey } from './layout.js';
import type { Reference } from './reference.js';
import type { ArtifactStore } from './store.js';

/** Left free for everybody else on the disk. */
const reserveBytes = 1024 ** 3;

/** A blob on this machine. */
export interface LocalBlob {
  readonly bytes: Uint8Array;
  /** Descriptor of a file with these bytes, to be closed by who asked for it; it stays whole until then. */
  readonly file: number;
}

export class BlobCache {
  /** What this process reads: not to be removed by itself. */
  readonly #used = new Set<string>();

  /**
   * @param folder created when needed
   * @param mostBytes what the folder may hold
   */
  constructor(
    private readonly store: ArtifactStore,
    private readonly folder: string,
    private readonly mostBytes: number,
  ) {}

  /**
   * The blob, from the folder or else from the store.
   *
   * @throws DistilleryError `NoSpace` when it does not fit beside what else is in use, or as `store.get`
   */
  async open(reference: Reference): Promise<LocalBlob> {
    const path = join(this.folder, blobKey(reference.sha256));
    this.#used.add(path);
    const kept = openWhole(path, reference);
    if (kept !== undefined) {
      const now = new Date();
      await utimes(path, now, now).catch(() => undefined);
      return kept;
    }
    const bytes = await this.store.get(reference);
    return { bytes, file: await this.#keep(path, bytes) };
  }

  async #keep(path: string, bytes: Uint8Array): Promise<number> {
    const partial = `${path}.${randomUUID()}.partial`;
    try {
      await mkdir(dirname(path), { recursive: true });
      await this.#makeRoom(bytes.length);
      const file = openSync(partial, 'wx+');
      try {
        writeFileSync(file, bytes);
        // The descriptor is good also where another process was first, or has made room of it meanwhile.
        await rename(partial, path).catch(() => undefined);
      } catch (error) {
        closeSync(file);
        throw error;
      }
      return file;
    } catch (error) {
      await rm(partial, { force: true }).catch(() => undefined);
      if (error instanceof DistilleryError) throw error;
      throw this.#noSpace(error instanceof Error ? error.message : String(error));
    }
  }

  /** Removes what was used least lately until so much more fits. */
  async #makeRoom(bytes: number): Promise<void> {
    const files = await this.#files();
    let held = files.reduce((sum, { stats }) => sum + stats.size, 0);
    const { bavail, bsize } = await statfs(this.folder);
    let free = bavail * bsize;
    const oldest = files
      .filter(({ path }) => !this.#used.has(path))
      .sort((a, b) => a.stats.mtimeMs - b.stats.mtimeMs);
    for (;;) {
      if (held + bytes <= this.mostBytes && free - bytes >= reserveBytes) return;
      const file = oldest.shift();
      if (file === undefined) break;
      await rm(file.path, { force: true });
      held -= file.stats.size;
      free += file.stats.size;
    }
    throw this.#noSpace(
      held + bytes > this.mostBytes
        ? `it may hold ${gibibytes(this.mostBytes)}`
        : `${gibibytes(free)} are free on its disk`,
    );
  }

  async #files(): Promise<{ path: string; stats: Stats }[]> {
    const entries = await readdir(this.folder, { recursive: true, withFileTypes: true });
    const found: { path: string; stats: Stats }[] = [];
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const stats = await stat(path).catch(() => undefined);
      if (stats !== undefined) found.push({ path, stats });
    }
    return found;
  }

  #noSpace(reason: string): DistilleryError {
    return new DistilleryError(
      'NoSpace',
      `The images cannot be kept in ${this.folder}: ${reason}. Set DISTILLERY_DATASET_CACHE to a folder with more ` +
        'room, raise DISTILLERY_DATASET_CACHE_SIZE, or give the worker more DISTILLERY_DATASET_MEMORY.',
    );
  }
}

function openWhole(path: string, { bytes: length, sha256: digest }: Reference): LocalBlob | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const content = readFileSync(file);
    if (content.length === length && sha256(content) === digest)
      return { bytes: new Uint8Array(content.buffer, content.byteOffset, content.length), file };
  } catch {
    // Fetched again, as what is damaged is.
  }
  closeSync(file);
  return undefined;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}
