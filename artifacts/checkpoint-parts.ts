/**
 * @file Checkpoints that are larger than one object may be: their tensors lie in parts, written first, and the
 * object that counts as the checkpoint names them in its metadata.
 */
import { z } from 'zod';
import { DistilleryError } from '../errors/errors.js';
import type { Reference } from './reference.js';
import { readSafetensors, writeSafetensors, type NamedTensor, type Safetensors } from './safetensors.js';
import { referenceSchema } from './schemas.js';
import type { ArtifactStore } from './store.js';

const partsName = 'parts';
const partMediaType = 'application/octet-stream';
const partsSchema = z.array(referenceSchema);

/**
 * The bytes of the checkpoint's own object; its parts, where there are any, are stored.
 *
 * @param keyOf key of a part, by its digest
 */
export async function writeInParts(
  store: ArtifactStore,
  tensors: ReadonlyMap<string, NamedTensor>,
  metadata: Readonly<Record<string, string>>,
  keyOf: (part: Uint8Array) => string,
): Promise<Uint8Array> {
  const whole = writeSafetensors(tensors, metadata);
  if (whole.length <= store.maxObjectBytes) return whole;
  const parts: Reference[] = [];
  for (let from = 0; from < whole.length; from += store.maxObjectBytes) {
    const part = whole.subarray(from, from + store.maxObjectBytes);
    parts.push(await store.putObject(keyOf(part), part, partMediaType));
  }
  return writeSafetensors(new Map(), { ...metadata, [partsName]: JSON.stringify(parts) });
}

/** @throws DistilleryError `Corrupt` when it, or a part of it, is damaged or missing */
export async function readWithParts(store: ArtifactStore, object: Reference): Promise<Safetensors> {
  const file = readSafetensors(await store.get(object));
  const named = file.metadata[partsName];
  if (named === undefined) return file;
  const parts = partsOf(named, object.key);
  const whole = new Uint8Array(parts.reduce((sum, { bytes }) => sum + bytes, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(await store.get(part), offset);
    offset += part.bytes;
  }
  return readSafetensors(whole);
}

function partsOf(text: string, key: string): Reference[] {
  try {
    const found = partsSchema.safeParse(JSON.parse(text));
    if (found.success) return found.data;
  } catch {
    // Said below.
  }
  throw new DistilleryError('Corrupt', `${key} does not say where its parts are. Compute it again.`);
}
