/**
 * @file Reads everything in the store that can prove itself, and says what cannot: blobs and checkpoints have
 * their digest in their key, manifests inside.
 */
import { DistilleryError } from '../errors/errors.js';
import { sha256 } from './digest.js';
import { isThere } from './hold.js';
import { blobFolders, parseCheckpointKey, parseCheckpointPartKey } from './layout.js';
import { partListMediaType, partsOf } from './parts.js';
import type { Reference } from './reference.js';
import { referencesIn } from './references.js';
import type { ArtifactStore } from './store.js';

export interface Finding {
  readonly key: string;
  readonly problem: 'damaged' | 'missing';
  /** What is wrong, or which document refers to it. */
  readonly detail: string;
}

export interface VerifyReport {
  readonly objects: number;
  readonly bytes: number;
  readonly findings: readonly Finding[];
}

const manifestPrefixes = [
  'datasets/',
  'distillations/',
  'evaluations/',
  'experts/',
  'identities/',
  'runs/',
  'stages/',
  'trajectory-sets/',
  'whitenings/',
];
/** These name checkpoints that are superseded and removed in time. */
const forgetful = 'distillations/';

/**
 * @param options remove: removes what is damaged, so that the next run makes it again. say: told what is being
 *   done, in plain lines.
 */
export async function verifyStore(
  store: ArtifactStore,
  { remove = false, say = () => undefined }: { remove?: boolean; say?: (line: string) => void } = {},
): Promise<VerifyReport> {
  const findings: Finding[] = [];
  let objects = 0;
  let bytes = 0;
  const damaged = async (key: string, detail: string): Promise<void> => {
    findings.push({ key, problem: 'damaged', detail });
    if (remove) await store.remove(key);
  };
  const proves = async (key: string, expected: string): Promise<void> => {
    // Twice, as bytes may also be spoiled on the way.
    let content = await store.getObject(key);
    if (content && sha256(content) !== expected) content = await store.getObject(key);
    if (content === undefined) return;
    objects += 1;
    bytes += content.length;
    const found = sha256(content);
    if (found !== expected) await damaged(key, `expected sha256 ${expected}, found ${found}`);
  };

  say('reading blobs');
  for (const folder of blobFolders()) {
    for await (const { key } of store.list(folder)) await proves(key, key.slice(folder.length));
  }
  say(`${objects} blobs read; reading checkpoints`);
  for await (const { key } of store.list('checkpoints/')) {
    const expected = (parseCheckpointKey(key) ?? parseCheckpointPartKey(key))?.sha256;
    if (expected !== undefined) await proves(key, expected);
  }
  say('reading manifests');
  for (const prefix of manifestPrefixes) {
    for await (const { key, bytes: size } of store.list(prefix)) {
      objects += 1;
      bytes += size;
      const body = await bodyOf(store, key);
      if (body instanceof DistilleryError) {
        await damaged(key, body.message);
        continue;
      }
      for (const reference of await withParts(store, body)) {
        if (prefix === forgetful && parseCheckpointKey(reference.key) !== undefined) continue;
        if (!(await isThere(store, reference)))
          findings.push({ key: reference.key, problem: 'missing', detail: `needed by ${key}` });
      }
    }
  }
  return { objects, bytes, findings };
}

/** What a document refers to, and what the lists of parts among it refer to. */
async function withParts(store: ArtifactStore, body: unknown): Promise<Reference[]> {
  const found = [...referencesIn(body)];
  for (const reference of [...found]) {
    if (reference.mediaType !== partListMediaType) continue;
    try {
      found.push(...(await partsOf(store, reference)));
    } catch (error) {
      // Found as missing or damaged itself.
      if (!(error instanceof DistilleryError) || error.code !== 'Corrupt') throw error;
    }
  }
  return found;
}

async function bodyOf(store: ArtifactStore, key: string): Promise<unknown> {
  try {
    return (await store.getManifest(key))?.body;
  } catch (error) {
    if (error instanceof DistilleryError && error.code === 'Corrupt') return error;
    throw error;
  }
}
