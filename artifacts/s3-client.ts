/**
 * @file Single requests to one bucket: the minio client, with our time limits, our retries and our errors.
 * Nothing here knows about digests of content; that is the store's business.
 */
import http from 'node:http';
import https from 'node:https';
import { Client } from 'minio';
import { DistilleryError } from '../errors/errors.js';
import { md5 } from './digest.js';
import { LongCall } from './long-call.js';
import { persist } from './patience.js';
import { classify, failureReason, isPassing, storeError } from './s3-errors.js';
import { defaultBucket, defaultRegion, parseEndpoint, type StoreSettings } from './s3-settings.js';
import { limitedTransport, readBody } from './s3-transport.js';
import type { StoredObject } from './store.js';
import { storeWork } from './store-work.js';

/** One PUT is atomic up to here; the client would split anything larger into parts, which is not. */
export const maxObjectBytes = 64 * 1024 * 1024;

/** Outcome of a write that must not replace anything. */
export type ConditionalWrite =
  | 'created'
  /** Something was there before this call. */
  | 'occupied'
  /** Something is there that this very call may have put: an answer was lost, or the etag is not the md5. */
  | 'unclear';

export class S3Client {
  /** Endpoint and bucket, without credentials. */
  readonly location: string;
  readonly bucket: string;
  readonly #region: string;
  readonly #client: Client;
  readonly #agent: http.Agent;
  readonly #patienceMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #secrets: readonly string[];

  /** @throws DistilleryError `StoreRefused` when the settings cannot be those of a store. */
  constructor(settings: StoreSettings) {
    const { host, port, tls } = parseEndpoint(settings.endpoint);
    this.bucket = settings.bucket ?? defaultBucket;
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(this.bucket)) {
      throw new DistilleryError(
        'StoreRefused',
        `S3_BUCKET ${this.bucket}: use 3 to 63 of a-z, 0-9, "." and "-".`,
      );
    }
    this.#region = settings.region ?? defaultRegion;
    this.location = `${new URL(settings.endpoint).origin}/${this.bucket}`;
    this.#patienceMs = settings.patienceMs ?? 600_000;
    this.#signal = settings.signal;
    this.#secrets = [settings.secretAccessKey, settings.sessionToken ?? '', settings.accessKeyId];
    const agentOptions = { keepAlive: true, maxSockets: 32 };
    this.#agent = tls ? new https.Agent(agentOptions) : new http.Agent(agentOptions);
    this.#client = new Client({
      endPoint: host,
      ...(port === undefined ? {} : { port }),
      useSSL: tls,
      accessKey: settings.accessKeyId,
      secretKey: settings.secretAccessKey,
      ...(settings.sessionToken === undefined ? {} : { sessionToken: settings.sessionToken }),
      region: this.#region,
      transportAgent: this.#agent,
      transport: limitedTransport({
        tls,
        silenceMs: settings.silenceMs ?? 30_000,
        attemptMs: settings.attemptMs ?? 300_000,
        signal: () => this.#endingSignal(),
      }),
      retryOptions: { disableRetry: true },
    });
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  /** Writes or replaces an object. Resolves to whether the store's etag is the md5 of the bytes. */
  async put(key: string, bytes: Uint8Array, mediaType: string): Promise<boolean> {
    return this.#call('write', key, () => this.#send(key, bytes, { 'Content-Type': mediaType }));
  }

  /** Writes an object only where there is none. */
  async putIfFree(key: string, bytes: Uint8Array, mediaType: string): Promise<ConditionalWrite> {
    let unanswered = false;
    return this.#call('write', key, async () => {
      try {
        const intact = await this.#send(key, bytes, { 'Content-Type': mediaType, 'If-None-Match': '*' });
        return intact ? 'created' : 'unclear';
      } catch (error) {
        const failure = classify(error);
        if (failure === 'occupied') return unanswered ? 'unclear' : 'occupied';
        if (isPassing(error)) unanswered = true;
        throw error;
      }
    });
  }

  /** The whole object, or a part of it; undefined when there is none. */
  async get(key: string, part?: { offset: number; length: number }): Promise<Uint8Array | undefined> {
    return this.#call('read', key, async () => {
      try {
        const { offset = 0, length = 0 } = part ?? {};
        return await readBody(await this.#client.getPartialObject(this.bucket, key, offset, length));
      } catch (error) {
        if (classify(error) === 'missing') return undefined;
        throw error;
      }
    });
  }

  /** Undefined when there is no such object. */
  async stat(key: string): Promise<{ bytes: number; etag: string; lastModified: Date } | undefined> {
    return this.#call('look at', key, async () => {
      try {
        const { size, etag, lastModified } = await this.#client.statObject(this.bucket, key);
        return { bytes: size, etag, lastModified };
      } catch (error) {
        if (classify(error) === 'missing') return undefined;
        throw error;
      }
    });
  }

  async remove(key: string): Promise<void> {
    await this.#call('remove', key, () => this.#client.removeObject(this.bucket, key));
  }

  async createBucket(): Promise<void> {
    await this.#call('create the bucket', undefined, async () => {
      try {
        await this.#client.makeBucket(this.bucket, this.#region);
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined;
        if (code !== 'BucketAlreadyOwnedByYou' && code !== 'BucketAlreadyExists') throw error;
      }
    });
  }

  async bucketExists(): Promise<boolean> {
    return this.#call('look for the bucket', undefined, () => this.#client.bucketExists(this.bucket));
  }

  /** Objects by prefix, page by page, in the order of the store. */
  async *list(prefix: string): AsyncGenerator<StoredObject> {
    let token = '';
    do {
      const page = await this.#call('list', prefix === '' ? 'objects' : prefix, () =>
        this.#client.listObjectsV2Query(this.bucket, prefix, token, '', 1000, ''),
      );
      for (const { name, size, lastModified } of page.objects) {
        if (name !== undefined && !name.endsWith('/')) {
          yield { key: name, bytes: size, lastModified };
        }
      }
      token = page.isTruncated ? page.nextContinuationToken : '';
    } while (token !== '');
  }

  async #send(key: string, bytes: Uint8Array, headers: Record<string, string>): Promise<boolean> {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const { etag } = await this.#client.putObject(this.bucket, key, buffer, buffer.length, headers);
    return etag === md5(bytes);
  }

  async #call<T>(action: string, key: string | undefined, attempt: () => Promise<T>): Promise<T> {
    const { patienceMs = this.#patienceMs, onWait } = storeWork();
    const signal = this.#endingSignal();
    const { location } = this;
    const long = onWait && new LongCall(location, onWait);
    const patience = {
      patienceMs,
      ...(signal && { signal }),
      onFailure: (error: unknown) => long?.failed(failureReason(error, this.#secrets)),
    };
    try {
      return await persist(patience, attempt, isPassing);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      const attempted = { action, location, secrets: this.#secrets, ...(key === undefined ? {} : { key }) };
      throw storeError(error, attempted);
    } finally {
      long?.end();
    }
  }

  /** The store's own signal, that of the work it is asked for, or both. */
  #endingSignal(): AbortSignal | undefined {
    const { signal } = storeWork();
    if (signal === undefined || this.#signal === undefined) return signal ?? this.#signal;
    return AbortSignal.any([signal, this.#signal]);
  }
}
