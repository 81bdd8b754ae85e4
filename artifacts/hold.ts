/**
 * @file Relying on objects that are there already. Garbage collection takes no object younger than a day, so who
 * builds on an older one that no manifest may name writes it again first.
 */
import { DistilleryError } from '../errors/errors.js';
import type { Reference } from './reference.js';
import type { ArtifactStore, StoredObject } from './store.js';

/** Garbage collection leaves everything alone that was written within so long. */
export const safeAgeMs = 24 * 3_600_000;
const youngMs = safeAgeMs / 2;

/** Whether it will not be taken for garbage for another half day. */
export function isYoung({ lastModified }: Pick<StoredObject, 'lastModified'>): boolean {
  return Date.now() - lastModified.getTime() < youngMs;
}

/** Whether the object is there with the size it should have. Its content is verified when it is read. */
export async function isThere(store: ArtifactStore, { key, bytes }: Reference): Promise<boolean> {
  return (await store.stat(key))?.bytes === bytes;
}

/** As `isThere`, and it will be there for another half day. */
export async function holds(store: ArtifactStore, reference: Reference): Promise<boolean> {
  const found = await store.stat(reference.key);
  if (found?.bytes !== reference.bytes) return false;
  if (isYoung(found)) return true;
  try {
    await store.putObject(reference.key, await store.get(reference), reference.mediaType);
    return true;
  } catch (error) {
    if (error instanceof DistilleryError && error.code === 'Corrupt') return false;
    throw error;
  }
}
