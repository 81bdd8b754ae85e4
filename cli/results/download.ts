/**
 * @file Brings objects of the store into a folder: verified, each file written whole or not at all.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';

import type { Reference } from '../../artifacts/reference.js';
import type { ArtifactStore } from '../../artifacts/store.js';
import { DistilleryError } from '../../errors/errors.js';

export interface Downloaded {
  /** Path of the file. */
  readonly path: string;
  readonly bytes: number;
  /** False when the folder already held these bytes. */
  readonly fetched: boolean;
}

/**
 * Downloads referenced objects below a key prefix into a folder of the same layout. A file that is already
 * there with the right digest is left alone.
 */
export async function downloadReferences(
  store: ArtifactStore,
  references: readonly Reference[],
  prefix: string,
  directory: string,
): Promise<Downloaded[]> {
  const downloaded: Downloaded[] = [];
  for (const reference of references) {
    const path = localPath(directory, reference.key, prefix);
    if ((await digestOf(path)) === reference.sha256) {
      downloaded.push({ path, bytes: reference.bytes, fetched: false });
      continue;
    }
    await writeWhole(path, await store.get(reference));
    downloaded.push({ path, bytes: reference.bytes, fetched: true });
  }
  return downloaded;
}

/**
 * Downloads everything below a prefix. Content-addressed objects are checked against the digest in their
 * key; the others have none that is known here beyond the transport's.
 */
export async function downloadPrefix(
  store: ArtifactStore,
  prefix: string,
  directory: string,
): Promise<Downloaded[]> {
  const downloaded: Downloaded[] = [];
  for await (const { key } of store.list(prefix)) {
    const bytes = await store.getObject(key);
    if (bytes === undefined) continue;
    const digest = /^blobs\/sha256\/[0-9a-f]{2}\/([0-9a-f]{64})$/.exec(key)?.[1];
    if (digest !== undefined && sha256(bytes) !== digest)
      throw new DistilleryError(
        'Corrupt',
        `${key} does not have the digest in its name. Remove it and run again.`,
      );
    // A prefix that is one whole key names a file, any other a folder.
    const path = localPath(directory, key, prefix === key ? dirname(key) : prefix);
    await writeWhole(path, bytes);
    downloaded.push({ path, bytes: bytes.length, fetched: true });
  }
  return downloaded;
}

/** The file that a key becomes. Keys come from a store that others may write to: none may leave the folder. */
export function localPath(directory: string, key: string, prefix: string): string {
  // `results/a` may be the folder of that name or the beginning of several names.
  const isFolder = !prefix.endsWith('/') && key.startsWith(`${prefix}/`);
  const folder = isFolder ? `${prefix}/` : prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const relative = key.startsWith(folder) ? key.slice(folder.length) : key;
  const segments = relative.split('/');
  const bad = segments.some((part) => part === '' || part === '.' || part === '..' || /[\\:\0]/.test(part));
  if (bad)
    throw new DistilleryError(
      'Corrupt',
      `The store holds the key "${key}", which is no file name. Remove it.`,
    );
  return join(directory, segments.join(sep));
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const draft = `${path}.${randomUUID().slice(0, 8)}.partial`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(draft, bytes);
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true });
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new DistilleryError(
      code === 'ENOSPC' ? 'NoSpace' : 'StoreRefused',
      `Cannot write ${path} (${code}). Choose another folder with --to.`,
      { cause },
    );
  }
}

async function digestOf(path: string): Promise<string | undefined> {
  try {
    return sha256(await readFile(path));
  } catch {
    return undefined;
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
