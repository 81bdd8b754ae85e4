/**
 * @file AES-256-GCM over whole messages: what comes out is what went in, or an error.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { CodecKey } from './keys.js';

const algorithm = 'aes-256-gcm';
/** Random for every message. Two of 2^32 messages under one key meet with a chance of one in 2^33. */
const nonceBytes = 12;
const tagBytes = 16;

/** Nonce, ciphertext and tag. The id of the key is authenticated with them. */
export function seal({ id, secret }: CodecKey, message: Uint8Array): Uint8Array {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, secret, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(id));
  return Buffer.concat([nonce, cipher.update(message), cipher.final(), cipher.getAuthTag()]);
}

/** Undefined when the bytes are not what this key has sealed. */
export function open({ id, secret }: CodecKey, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < nonceBytes + tagBytes) return undefined;
  const end = sealed.length - tagBytes;
  const decipher = createDecipheriv(algorithm, secret, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(id));
  decipher.setAuthTag(sealed.subarray(end));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, end)), decipher.final()]);
  } catch {
    return undefined;
  }
}
