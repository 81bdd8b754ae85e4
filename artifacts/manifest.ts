/**
 * @file The envelope of every manifest: `{ "sha256": ..., "body": ... }`, where the digest is that of the
 * body's canonical JSON. A manifest so proves by itself that it is whole.
 */
import { DistilleryError } from '../errors/errors.js';
import { canonicalJson } from './canonical-json.js';
import { sha256 } from './digest.js';

export const manifestMediaType = 'application/json';

/** The bytes of a manifest; equal bodies give equal bytes. */
export function encodeManifest(body: unknown): Uint8Array {
  const json = canonicalJson(body);
  return new TextEncoder().encode(`{"sha256":"${sha256(json)}","body":${json}}\n`);
}

/** @throws DistilleryError `Corrupt`, naming the key and both digests. */
export function decodeManifest(bytes: Uint8Array, key: string): unknown {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw damaged(key, 'it is not JSON');
  }
  if (typeof document !== 'object' || document === null || !('sha256' in document) || !('body' in document)) {
    throw damaged(key, 'it has no digest or no body');
  }
  const found = sha256(canonicalJson(document.body));
  if (found !== document.sha256) {
    throw damaged(key, `expected sha256 ${JSON.stringify(document.sha256)}, found ${found}`);
  }
  return document.body;
}

function damaged(key: string, reason: string): DistilleryError {
  return new DistilleryError(
    'Corrupt',
    `The manifest ${key} is damaged: ${reason}. \`distillery artifacts verify --remove\` removes what is damaged, and ` +
      'the next run makes it again.',
  );
}
