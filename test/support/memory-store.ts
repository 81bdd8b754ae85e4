/**
 * @file An artifact store in memory, for tests of what uses one. The real store has contract tests of its own.
 */
import { decodeManifest, encodeManifest, manifestMediaType } from '../../artifacts/manifest.js';
import { blobKey, checkKey } from '../../artifacts/layout.js';
import { sha256 } from '../../artifacts/digest.js';
import type { ByteRange, Reference } from '../../artifacts/reference.js';
import type { ArtifactStore, StoredObject } from '../../artifacts/store.js';
import { DistilleryError } from '../../errors/errors.js';

export class MemoryStore implements ArtifactStore {
  readonly location = 'memory';
  readonly objects = new Map<string, { bytes: Uint8Array; lastModified: Date }>();

  async putBlob(bytes: Uint8Array, mediaType: string): Promise<Reference> {
    return this.putObject(blobKey(sha256(bytes)), bytes, mediaType);
  }

  putObject(key: string, bytes: Uint8Array, mediaType: string): Promise<Reference> {
    checkKey(key);
    this.objects.set(key, { bytes: Uint8Array.from(bytes), lastModified: new Date() });
    return Promise.resolve({ key, sha256: sha256(bytes), bytes: bytes.length, mediaType });
  }

  get(reference: Reference): Promise<Uint8Array> {
    const bytes = this.objects.get(reference.key)?.bytes;
    if (bytes === undefined || sha256(bytes) !== reference.sha256) {
      return Promise.reject(new DistilleryError('Corrupt', `${reference.key} is missing or damaged.`));
    }
    return Promise.resolve(Uint8Array.from(bytes));
  }

  async getRange(reference: Reference, { offset, length, sha256: digest }: ByteRange): Promise<Uint8Array> {
    const part = (await this.get(reference)).slice(offset, offset + length);
    if (sha256(part) === digest) return part;
    throw new DistilleryError('Corrupt', `${reference.key}: the range at ${offset} is damaged.`);
  }

  getObject(key: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.objects.get(key)?.bytes);
  }

  async putManifest(key: string, body: unknown): Promise<{ created: boolean; reference: Reference }> {
    const existing = this.objects.get(key)?.bytes;
    const bytes = existing ?? encodeManifest(body);
    if (existing === undefined) await this.putObject(key, bytes, manifestMediaType);
    const reference = { key, sha256: sha256(bytes), bytes: bytes.length, mediaType: manifestMediaType };
    return { created: existing === undefined, reference };
  }

  getManifest(key: string): Promise<{ body: unknown; reference: Reference } | undefined> {
    const bytes = this.objects.get(key)?.bytes;
    if (bytes === undefined) return Promise.resolve(undefined);
    const reference = { key, sha256: sha256(bytes), bytes: bytes.length, mediaType: manifestMediaType };
    return Promise.resolve({ body: decodeManifest(bytes, key), reference });
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    for (const key of [...this.objects.keys()].sort()) {
      const object = this.objects.get(key);
      if (object === undefined || !key.startsWith(prefix)) continue;
      yield await Promise.resolve({ key, bytes: object.bytes.length, lastModified: object.lastModified });
    }
  }

  remove(key: string): Promise<void> {
    this.objects.delete(key);
    return Promise.resolve();
  }
}
