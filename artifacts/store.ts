/**
 * @file What the rest of distillery may ask of an artifact store.
 */
import type { ByteRange, Reference } from './reference.js';

export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  readonly lastModified: Date;
}

/**
 * Artifacts by key in one bucket. Every write is a single atomic PUT of at most 64 MiB; every read is
 * verified. Failures are `DistilleryError`s: `StoreRefused`, `StoreUnavailable`, `Corrupt`, `NoSpace`.
 */
export interface ArtifactStore {
  /** Human-readable address for messages: endpoint and bucket, never credentials. */
  readonly location: string;

  /** Bytes that one object may have: 64 MiB. What may be larger is divided by who writes it. */
  readonly maxObjectBytes: number;

  /**
   * Stores bytes under `blobs/sha256/ab/<hex>`; the same bytes stored twice are one object. It is then young:
   * written within the last half day, see `artifacts/hold.ts`.
   */
  putBlob(bytes: Uint8Array, mediaType: string): Promise<Reference>;

  /** Stores bytes under a chosen key (checkpoints, result folders), replacing what was there. */
  putObject(key: string, bytes: Uint8Array, mediaType: string): Promise<Reference>;

  /** The whole object; `Corrupt` when missing or not of the referenced digest. */
  get(reference: Reference): Promise<Uint8Array>;

  /** A part of an object, verified against the range's own digest. */
  getRange(reference: Reference, range: ByteRange): Promise<Uint8Array>;

  /** Size and time of the last write, or undefined when there is no such object. */
  stat(key: string): Promise<Omit<StoredObject, 'key'> | undefined>;

  /** The bytes at a key without a known digest, or undefined when there are none. */
  getObject(key: string): Promise<Uint8Array | undefined>;

  /**
   * Writes a small JSON document with its own digest, only if the key is free (If-None-Match).
   * Returns whether it was this call that created it; an existing document is left alone, unless it is damaged.
   */
  putManifest(key: string, body: unknown): Promise<{ created: boolean; reference: Reference }>;

  /** The body of a manifest, its digest verified, or undefined when there is none. */
  getManifest(key: string): Promise<{ body: unknown; reference: Reference } | undefined>;

  /** All objects whose key starts with the prefix, in key order. */
  list(prefix: string): AsyncIterable<StoredObject>;

  remove(key: string): Promise<void>;
}
