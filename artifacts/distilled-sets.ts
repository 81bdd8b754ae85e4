/**
 * @file Distilled images in the store. What is larger than one object may be is divided: every part is a
 * `distilled.safetensors` of some of the images, and a list names the parts in order.
 */
import { safetensorsMediaType } from './checkpoints.js';
import { partsOf, putParts } from './parts.js';
import type { Reference } from './reference.js';
import { decodeDistilled, encodeDistilled, type DistilledSet } from './result-folder.js';
import type { ArtifactStore } from './store.js';

/** Of an object, for the header: names of classes among others. */
const headerShare = 1 / 8;

/** The reference of the set: of its one file, or of the list of its parts. */
export async function putDistilled(store: ArtifactStore, set: DistilledSet): Promise<Reference> {
  const imagesPerPart = imagesThatFit(set, store.maxObjectBytes);
  const count = set.labels.length;
  if (count <= imagesPerPart) return store.putBlob(encodeDistilled(set), safetensorsMediaType);
  const parts: Reference[] = [];
  for (let from = 0; from < count; from += imagesPerPart) {
    const part = someOf(set, from, Math.min(count, from + imagesPerPart));
    parts.push(await store.putBlob(encodeDistilled(part), safetensorsMediaType));
  }
  return putParts(store, parts);
}

/** @throws DistilleryError `Corrupt` when it is missing, damaged or no such set */
export async function getDistilled(store: ArtifactStore, reference: Reference): Promise<DistilledSet> {
  const parts = await partsOf(store, reference);
  const sets: DistilledSet[] = [];
  for (const part of parts) sets.push(decodeDistilled(await store.get(part)));
  const [first, ...others] = sets;
  if (first === undefined) throw new RangeError('a list names one part or more');
  return others.length === 0 ? first : joined(first, sets);
}

function imagesThatFit({ images, labels, softLabels }: DistilledSet, bytes: number): number {
  const count = Math.max(1, labels.length);
  const perImage =
    (images.byteLength + (softLabels?.byteLength ?? 0)) / count + BigInt64Array.BYTES_PER_ELEMENT;
  return Math.max(1, Math.floor((bytes * (1 - headerShare)) / perImage));
}

function someOf(set: DistilledSet, from: number, to: number): DistilledSet {
  const rows = (values: Float32Array): Float32Array => {
    const size = values.length / set.labels.length;
    return values.subarray(from * size, to * size);
  };
  return {
    ...set,
    images: rows(set.images),
    labels: set.labels.subarray(from, to),
    ...(set.softLabels && { softLabels: rows(set.softLabels) }),
  };
}

function joined(first: DistilledSet, sets: readonly DistilledSet[]): DistilledSet {
  const floats = (parts: readonly Float32Array[]): Float32Array => {
    const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let offset = 0;
    for (const part of parts) {
      all.set(part, offset);
      offset += part.length;
    }
    return all;
  };
  return {
    ...first,
    images: floats(sets.map(({ images }) => images)),
    labels: Int32Array.from(sets.flatMap(({ labels }) => [...labels])),
    ...(first.softLabels && {
      softLabels: floats(sets.map(({ softLabels = new Float32Array() }) => softLabels)),
    }),
  };
}
