/**
 * @file The artifact store on S3: what is written is compared with the store's answer, what is read is
 * compared with the digest it must have.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { DistilleryError } from '../errors/errors.js';
import { md5, sha256 } from './digest.js';
import { isYoung } from './hold.js';
import { blobKey, checkKey } from './layout.js';
import { decodeManifest, encodeManifest, manifestMediaType } from './manifest.js';
import type { ByteRange, Reference } from './reference.js';
import { maxObjectBytes, S3Client } from './s3-client.js';
import { shortPatienceMs, storeSettings, type StoreSettings } from './s3-settings.js';
import type { ArtifactStore, StoredObject } from './store.js';

/** Writes are tried twice when the content is not what it should be, then given up. */
const writeAttempts = 2;
/** Milliseconds before what was read wrong is read again: it may have been damaged on the way only. */
const readPauses = [100, 500];

export class S3Store implements ArtifactStore {
  readonly maxObjectBytes = maxObjectBytes;
  readonly #client: S3Client;

  /** Connects to nothing yet; `check` does. */
  constructor(settings: StoreSettings) {
    this.#client = new S3Client(settings);
  }

  get location(): string {
    return this.#client.location;
  }

  async putBlob(bytes: Uint8Array, mediaType: string): Promise<Reference> {
    const digest = sha256(bytes);
    const reference = { key: blobKey(digest), sha256: digest, bytes: bytes.length, mediaType };
    const there = await this.#client.stat(reference.key);
    // The etag of a single PUT is the md5: the same bytes need not travel again.
    if (there?.bytes === bytes.length && there.etag === md5(bytes) && isYoung(there)) return reference;
    await this.#write(reference, bytes);
    return reference;
  }

  async putObject(key: string, bytes: Uint8Array, mediaType: string): Promise<Reference> {
    const reference = { key, sha256: sha256(bytes), bytes: bytes.length, mediaType };
    await this.#write(reference, bytes);
    return reference;
  }

  async get(reference: Reference): Promise<Uint8Array> {
    checkKey(reference.key);
    return this.#verified(reference, () => this.#client.get(reference.key));
  }

  async getRange(reference: Reference, range: ByteRange): Promise<Uint8Array> {
    checkKey(reference.key);
    const { offset, length } = range;
    if (length === 0) return new Uint8Array();
    const expected = { key: reference.key, sha256: range.sha256, bytes: length };
    return this.#verified(expected, () => this.#client.get(reference.key, { offset, length }));
  }

  async stat(key: string): Promise<Omit<StoredObject, 'key'> | undefined> {
    checkKey(key);
    return this.#client.stat(key);
  }

  async getObject(key: string): Promise<Uint8Array | undefined> {
    checkKey(key);
    return this.#client.get(key);
  }

  /**
   * As in the contract. When a lost answer leaves open whether this call or an equal one created the
   * document, it says `created`. A damaged document is replaced.
   */
  async putManifest(key: string, body: unknown): Promise<{ created: boolean; reference: Reference }> {
    const bytes = encodeManifest(body);
    this.#checkWrite(key, bytes);
    const outcome = await this.#client.putIfFree(key, bytes, manifestMediaType);
    if (outcome === 'created') return { created: true, reference: manifestReference(key, bytes) };
    const present = await this.#present(key);
    if (present === undefined) {
      await this.#write(manifestReference(key, bytes), bytes);
      return { created: true, reference: manifestReference(key, bytes) };
    }
    const reference = manifestReference(key, present);
    return { created: outcome === 'unclear' && reference.sha256 === sha256(bytes), reference };
  }

  async getManifest(key: string): Promise<{ body: unknown; reference: Reference } | undefined> {
    checkKey(key);
    for (let attempt = 0; ; attempt += 1) {
      const bytes = await this.#client.get(key);
      if (bytes === undefined) return undefined;
      try {
        return { body: decodeManifest(bytes, key), reference: manifestReference(key, bytes) };
      } catch (error) {
        const wait = readPauses[attempt];
        if (wait === undefined) throw error;
        await pause(wait);
      }
    }
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    // Stores that keep objects in directories list them in directory order.
    const objects: StoredObject[] = [];
    for await (const object of this.#client.list(prefix)) objects.push(object);
    yield* objects.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async remove(key: string): Promise<void> {
    checkKey(key);
    await this.#client.remove(key);
  }

  /**
   * Proves by doing it that objects can be written, read, listed and removed, and that a conditional write
   * does not replace.
   * @throws DistilleryError `StoreRefused` or `StoreUnavailable` with what to set.
   */
  async check(options: { createBucket?: boolean } = {}): Promise<void> {
    const client = this.#client;
    if (options.createBucket === true && !(await client.bucketExists())) await client.createBucket();
    const key = `probe/${randomUUID()}`;
    const reference = await this.putObject(key, new TextEncoder().encode(key), 'text/plain');
    await this.get(reference);
    const replaced = await client.putIfFree(key, new Uint8Array(1), 'text/plain');
    let listed = false;
    for await (const object of client.list(key)) listed ||= object.key === key;
    await client.remove(key);
    if (replaced === 'created' || !listed) {
      const lacks = listed ? 'conditional writes (If-None-Match)' : 'listing what was just written';
      const advice = 'Use MinIO of 2024-11 or later, or another store that has it.';
      throw new DistilleryError('StoreRefused', `The store at ${this.location} lacks ${lacks}. ${advice}`);
    }
  }

  /** Closes idle connections; the store can still be used. */
  close(): void {
    this.#client.close();
  }

  async #write(reference: Reference, bytes: Uint8Array): Promise<void> {
    const { key, mediaType } = reference;
    this.#checkWrite(key, bytes);
    for (let attempt = 1; ; attempt += 1) {
      if (await this.#client.put(key, bytes, mediaType)) return;
      // Not the md5: bytes damaged on the way, or a store whose etags are something else (encryption).
      const found = await this.#client.get(key);
      if (found !== undefined && sha256(found) === reference.sha256) return;
      if (attempt === writeAttempts) throw this.#corrupt(reference, found);
    }
  }

  async #verified(
    expected: Pick<Reference, 'key' | 'sha256' | 'bytes'>,
    read: () => Promise<Uint8Array | undefined>,
  ): Promise<Uint8Array> {
    for (let attempt = 0; ; attempt += 1) {
      const bytes = await read();
      if (bytes?.length === expected.bytes && sha256(bytes) === expected.sha256) return bytes;
      const wait = readPauses[attempt];
      if (wait === undefined || (bytes === undefined && attempt > 0)) throw this.#corrupt(expected, bytes);
      await pause(wait);
    }
  }

  /** The bytes of a valid manifest, or undefined when there is none or it is damaged. */
  async #present(key: string): Promise<Uint8Array | undefined> {
    const bytes = await this.#client.get(key);
    if (bytes === undefined) return undefined;
    try {
      decodeManifest(bytes, key);
      return bytes;
    } catch {
      return undefined;
    }
  }

  #checkWrite(key: string, bytes: Uint8Array): void {
    checkKey(key);
    if (bytes.length > maxObjectBytes) {
      throw new DistilleryError(
        'StoreRefused',
        `${key} has ${bytes.length} bytes; one object may have ${maxObjectBytes}. Split it into shards.`,
      );
    }
  }

  #corrupt(
    expected: Pick<Reference, 'key' | 'sha256' | 'bytes'>,
    found: Uint8Array | undefined,
  ): DistilleryError {
    const is = found === undefined ? 'nothing' : `sha256 ${sha256(found)} of ${found.length} bytes`;
    return new DistilleryError(
      'Corrupt',
      `${expected.key} at ${this.location} is damaged or missing: expected sha256 ${expected.sha256} of ` +
        `${expected.bytes} bytes, found ${is}. \`distillery artifacts verify\` tells whether it is damaged in the ` +
        'store; with `--remove` it removes what is, and the next run makes it again.',
    );
  }
}

/**
 * A store that has proved to work.
 * @param from settings, or an environment to take them from (see `storeSettings`).
 * @param options createBucket: create a missing bucket; default false, a missing bucket is an error.
 *   signal: ends all requests of the store. readOnly: for people who look; nothing is written, so nothing is
 *   proved either, and a store that is away is given up after seconds. patienceMs: in place of the settings'.
 */
export async function openStore(
  from: NodeJS.ProcessEnv | StoreSettings,
  options: { createBucket?: boolean; signal?: AbortSignal; readOnly?: boolean; patienceMs?: number } = {},
): Promise<S3Store> {
  const settings = isSettings(from) ? from : await storeSettings(from);
  const { patienceMs = options.readOnly === true ? shortPatienceMs : undefined } = options;
  const store = new S3Store({
    ...settings,
    ...(patienceMs === undefined ? {} : { patienceMs }),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  // The check writes, which who may only read cannot; what is read says by itself what is wrong.
  if (options.readOnly === true) return store;
  await store.check({ createBucket: options.createBucket ?? false });
  return store;
}

/** The store of an environment, unproved: nothing is asked of it before the first call. */
export async function connectStore(environment: NodeJS.ProcessEnv): Promise<S3Store> {
  return new S3Store(await storeSettings(environment));
}

function isSettings(from: NodeJS.ProcessEnv | StoreSettings): from is StoreSettings {
  return 'endpoint' in from && 'secretAccessKey' in from;
}

function manifestReference(key: string, bytes: Uint8Array): Reference {
  return { key, sha256: sha256(bytes), bytes: bytes.length, mediaType: manifestMediaType };
}
