/**
 * @file Blobs kept on this machine: verified, shared, and no more of them than are allowed.
 */
import assert from 'node:assert/strict';
import { closeSync, fstatSync, readSync } from 'node:fs';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { BlobCache } from '../../artifacts/blob-cache.js';
import { blobKey } from '../../artifacts/layout.js';
import type { Reference } from '../../artifacts/reference.js';
import { temporaryFolder } from '../support/idx.js';
import { MemoryStore } from '../support/memory-store.js';

class CountingStore extends MemoryStore {
  reads = 0;
  override get(reference: Reference): Promise<Uint8Array> {
    this.reads += 1;
    return super.get(reference);
  }
}

async function some(t: TestContext, mostBytes = 1000) {
  const store = new CountingStore();
  const blobs = await Promise.all(
    [1, 2, 3].map((byte) => store.putBlob(new Uint8Array(100).fill(byte), 'x')),
  );
  const folder = join(await temporaryFolder(t), 'images');
  const [a, b, c] = blobs as [Reference, Reference, Reference];
  return { store, blobs: { a, b, c }, folder, cache: () => new BlobCache(store, folder, mostBytes) };
}

/** The first byte, wherever the file was read or written last. */
function firstByte(file: number): number | undefined {
  const start = new Uint8Array(1);
  readSync(file, start, 0, 1, 0);
  return start[0];
}

/** Opens a blob; its first byte by both ways. */
async function open(cache: BlobCache, blob: Reference): Promise<(number | undefined)[]> {
  const { bytes, file } = await cache.open(blob);
  const found = [bytes[0], firstByte(file)];
  assert.deepEqual([bytes.length, fstatSync(file).size], [100, 100]);
  closeSync(file);
  return found;
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

/** As if it had been used so many hours ago. */
async function age(folder: string, { sha256 }: Reference, hours: number): Promise<void> {
  const then = new Date(Date.now() - 3_600_000 * hours);
  await utimes(join(folder, blobKey(sha256)), then, then);
}

describe('blobs on this machine', () => {
  it('are fetched once, and again where the file is damaged', async (t) => {
    const { store, blobs, folder, cache } = await some(t);
    assert.deepEqual(await open(cache(), blobs.a), [1, 1]);
    assert.deepEqual(await Promise.all([open(cache(), blobs.a), open(cache(), blobs.a)]), [
      [1, 1],
      [1, 1],
    ]);
    assert.equal(store.reads, 1);
    await writeFile(join(folder, blobKey(blobs.a.sha256)), new Uint8Array(100).fill(9));
    assert.deepEqual(await open(cache(), blobs.a), [1, 1]);
    assert.equal(store.reads, 2);
    await open(cache(), blobs.a);
    assert.equal(store.reads, 2);
    assert.deepEqual(await filesIn(folder), [blobs.a.sha256]);
  });

  it('go when there is no more room, those used least lately first, but none that is being read', async (t) => {
    const { blobs, folder, cache } = await some(t, 200);
    await open(cache(), blobs.a);
    await open(cache(), blobs.b);
    await age(folder, blobs.a, 2);
    await age(folder, blobs.b, 1);
    // Used again, so that the other is older.
    await open(cache(), blobs.a);
    const reading = cache();
    await open(reading, blobs.c);
    assert.deepEqual((await filesIn(folder)).sort(), [blobs.a.sha256, blobs.c.sha256].sort());
    const { file } = await reading.open(blobs.a);
    await assert.rejects(reading.open(blobs.b), {
      code: 'NoSpace',
      message: /cannot be kept in .*images: it may hold 0\.0 GiB\. Set DISTILLERY_DATASET_CACHE/,
    });
    // Another process may take the room; what is open stays whole.
    await open(cache(), blobs.b);
    assert.equal(firstByte(file), 1);
    closeSync(file);
  });

  it('need a folder that can be written', async (t) => {
    const { store, blobs } = await some(t);
    const file = join(await temporaryFolder(t), 'a-file');
    await writeFile(file, '');
    await assert.rejects(new BlobCache(store, file, 1000).open(blobs.a), {
      code: 'NoSpace',
      message: /a-file/,
    });
  });
});
