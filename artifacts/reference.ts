/**
 * @file How one artifact names another. References are all that workflows and activities exchange.
 */

/** A pointer to immutable bytes in the store. */
export interface Reference {
  /** Object key inside the bucket, `[a-z0-9/._-]` only. */
  readonly key: string;
  /** Lower-case hex digest of the whole object; verified on every read. */
  readonly sha256: string;
  readonly bytes: number;
  readonly mediaType: string;
}

/** A verified part of a stored object. Offsets and lengths in bytes. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
  readonly sha256: string;
}
