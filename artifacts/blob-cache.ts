/**
 * @file A folder on this machine that keeps blobs, so that the next process need not fetch them. Processes
 * may share it: files appear whole, and every read is verified.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256 } from './digest.js';
import { blobKey } from './layout.js';
import type { Reference } from './reference.js';
import type { ArtifactStore } from './store.js';

export class BlobCache {
  readonly #store: ArtifactStore;
  readonly #folder: string;

  /** @param folder created when needed. */
  constructor(store: ArtifactStore, folder: string) {
    this.#store = store;
    this.#folder = folder;
  }

  /** As `store.get`. */
  async get(reference: Reference): Promise<Uint8Array> {
    const path = join(this.#folder, blobKey(reference.sha256));
    const kept = await readFile(path).catch(() => undefined);
    if (kept?.length === reference.bytes && sha256(kept) === reference.sha256) {
      return new Uint8Array(kept.buffer, kept.byteOffset, kept.length);
    }
    const bytes = await this.#store.get(reference);
    await keep(path, bytes);
    return bytes;
  }
}

/** A cache that cannot be written (full disk, missing rights) costs time, not the work. */
async function keep(path: string, bytes: Uint8Array): Promise<void> {
  const partial = `${path}.${randomUUID()}.partial`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(partial, bytes);
    await rename(partial, path);
  } catch {
    await rm(partial, { force: true }).catch(() => undefined);
  }
}
