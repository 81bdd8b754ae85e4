/**
 * @file Artifacts in parts: what would be larger than one object may be is several, and a list that names them in
 * order stands for the whole.
 */
import { z } from 'zod';
import { DistilleryError } from '../errors/errors.js';
import { holds } from './hold.js';
import type { Reference } from './reference.js';
import { referenceSchema } from './schemas.js';
import type { ArtifactStore } from './store.js';

/** Of the list. */
export const partListMediaType = 'application/vnd.distillery.parts+json';

const listSchema = z.object({ parts: z.array(referenceSchema).min(1) });

/** Stores the list of parts that are stored. */
export function putParts(store: ArtifactStore, parts: readonly Reference[]): Promise<Reference> {
  return store.putBlob(new TextEncoder().encode(JSON.stringify({ parts })), partListMediaType);
}

/**
 * What an artifact consists of: itself, or the parts that it lists.
 *
 * @throws DistilleryError `Corrupt` when the list is missing or damaged
 */
export async function partsOf(store: ArtifactStore, reference: Reference): Promise<readonly Reference[]> {
  if (reference.mediaType !== partListMediaType) return [reference];
  const list = new TextDecoder().decode(await store.get(reference));
  try {
    const found = listSchema.safeParse(JSON.parse(list));
    if (found.success) return found.data.parts;
  } catch {
    // Said below.
  }
  throw new DistilleryError('Corrupt', `${reference.key} is no list of parts. Compute it again.`);
}

/** As `holds`, of the list and all its parts. */
export async function holdsAll(store: ArtifactStore, reference: Reference): Promise<boolean> {
  if (!(await holds(store, reference))) return false;
  try {
    const parts = await partsOf(store, reference);
    const others = parts.filter((part) => part !== reference);
    const held = await Promise.all(others.map((part) => holds(store, part)));
    return held.every(Boolean);
  } catch (error) {
    if (error instanceof DistilleryError && error.code === 'Corrupt') return false;
    throw error;
  }
}
