/**
 * @file An artifact store in memory that keeps every promise of the interface.
 */
import { sha256 } from '../artifacts/digest.js';
import { blobKey, checkKey } from '../artifacts/layout.js';
import { decodeManifest, encodeManifest, manifestMediaType } from '../artifacts/manifest.js';
import type { ByteRange, Reference } from '../artifacts/reference.js';
import type { ArtifactStore, StoredObject } from '../artifacts/store.js';
import { DistilleryError } from '../errors/errors.js';

export class MemoryStore implements ArtifactStore {
  readonly location: string = 'memory';
  readonly maxObjectBytes: number = 64 * 1024 * 1024;
  readonly #objects = new Map<string, { bytes: Uint8Array; lastModified: Date }>();

  putBlob(bytes: Uint8Array, mediaType: string): Promise<Reference> {
    return this.putObject(blobKey(sha256(bytes)), bytes, mediaType);
  }

  putObject(key: string, bytes: Uint8Array, mediaType: string): Promise<Reference> {
    return settle(() => {
      checkKey(key);
      if (bytes.length > this.maxObjectBytes)
        throw new RangeError(`${key}: ${bytes.length} bytes are too many`);
      // A copy: what the caller does to its array afterwards is not stored.
      this.#objects.set(key, { bytes: bytes.slice(), lastModified: new Date() });
      return reference(key, bytes, mediaType);
    });
  }

  get({ key, sha256: expected }: Reference): Promise<Uint8Array> {
    return settle(() => verified(this.#bytes(key), expected, key));
  }

  getRange({ key }: Reference, range: ByteRange): Promise<Uint8Array> {
    return settle(() => {
      const part = this.#bytes(key)?.subarray(range.offset, range.offset + range.length);
      return verified(part, range.sha256, key);
    });
  }

  stat(key: string): Promise<Omit<StoredObject, 'key'> | undefined> {
    return settle(() => {
      const object = this.#objects.get(key);
      return object && { bytes: object.bytes.length, lastModified: object.lastModified };
    });
  }

  getObject(key: string): Promise<Uint8Array | undefined> {
    return settle(() => this.#bytes(key)?.slice());
  }

  putManifest(key: string, body: unknown): Promise<{ created: boolean; reference: Reference }> {
    return settle(() => {
      checkKey(key);
      const existing = this.#bytes(key);
      if (existing && isWhole(existing, key))
        return { created: false, reference: reference(key, existing, manifestMediaType) };
      const bytes = encodeManifest(body);
      this.#objects.set(key, { bytes, lastModified: new Date() });
      return { created: true, reference: reference(key, bytes, manifestMediaType) };
    });
  }

  getManifest(key: string): Promise<{ body: unknown; reference: Reference } | undefined> {
    return settle(() => {
      const bytes = this.#bytes(key);
      if (!bytes) return undefined;
      return { body: decodeManifest(bytes, key), reference: reference(key, bytes, manifestMediaType) };
    });
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    // One answer as of now, as a page of a listing is.
    const keys = await settle(() => this.keys().filter((key) => key.startsWith(prefix)));
    for (const key of keys) {
      const object = this.#objects.get(key);
      if (object) yield { key, bytes: object.bytes.length, lastModified: object.lastModified };
    }
  }

  remove(key: string): Promise<void> {
    return settle(() => {
      this.#objects.delete(key);
    });
  }

  /** Makes an object look as if it had been written so long ago. */
  age(key: string, milliseconds: number): void {
    const object = this.#objects.get(key);
    if (object) object.lastModified = new Date(Date.now() - milliseconds);
  }

  /** Keys now held, in order; for assertions. */
  keys(): string[] {
    return [...this.#objects.keys()].sort();
  }

  #bytes(key: string): Uint8Array | undefined {
    return this.#objects.get(key)?.bytes;
  }
}

function reference(key: string, bytes: Uint8Array, mediaType: string): Reference {
  return { key, sha256: sha256(bytes), bytes: bytes.length, mediaType };
}

function verified(bytes: Uint8Array | undefined, expected: string, key: string): Uint8Array {
  if (bytes === undefined || sha256(bytes) !== expected) {
    throw new DistilleryError(
      'Corrupt',
      `${key} ${bytes ? 'has another digest than expected' : 'is missing'} in memory. Compute it again.`,
    );
  }
  return bytes.slice();
}

function isWhole(bytes: Uint8Array, key: string): boolean {
  try {
    decodeManifest(bytes, key);
    return true;
  } catch {
    return false;
  }
}

/** What throws becomes a rejection, as it is from a store behind a network. */
function settle<T>(action: () => T): Promise<T> {
  return Promise.resolve().then(action);
}
