/**
 * @file The codec as the SDK takes it, for clients, workers and replay alike.
 */
import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { DistilleryError } from '../errors/errors.js';
import type { CodecKey } from './keys.js';
import { EncryptingCodec } from './payload-codec.js';

const failureConverterPath = fileURLToPath(new URL('./failure-converter.js', import.meta.url));

/**
 * Adds the codec to a data converter. One that has it already stays as it is; codecs of the user's own come
 * before it, so that what they make is encrypted too.
 *
 * @returns `existing` when there are no keys
 * @throws DistilleryError `InvalidDefinition` where this Node cannot load the converter of failures
 */
export function withCodec(
  existing: DataConverter | undefined,
  keys: readonly CodecKey[],
): DataConverter | undefined {
  if (keys.length === 0) return existing;
  const codecs = existing?.payloadCodecs ?? [];
  if (codecs.some((codec) => codec instanceof EncryptingCodec)) return existing;
  // The SDK loads it with `require`.
  if (!('require_module' in process.features))
    throw new DistilleryError(
      'InvalidDefinition',
      `The payload codec needs Node 20.19, 22.12 or newer, and this is ${process.versions.node}.`,
    );
  return { failureConverterPath, ...existing, payloadCodecs: [...codecs, new EncryptingCodec(keys)] };
}
