/**
 * @file Digests: sha256 identifies content, md5 is what S3 answers a PUT with.
 */
import { createHash } from 'node:crypto';

/** Lower-case hex sha256 of bytes, or of a text's UTF-8. */
export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Lower-case hex md5; only ever compared with an etag, never trusted as an identity. */
export function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}
