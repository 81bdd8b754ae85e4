/**
 * @file Small data sets in the real IDX format.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { LabelledImages } from '../../datasets/dataset.js';

/** The bytes of an IDX file of unsigned bytes. */
export function idxBytes(dimensions: readonly number[], data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * dimensions.length + data.length);
  bytes.set([0, 0, 8, dimensions.length]);
  const view = new DataView(bytes.buffer);
  dimensions.forEach((size, i) => view.setUint32(4 + 4 * i, size));
  bytes.set(data, 4 + 4 * dimensions.length);
  return bytes;
}

/** Writes both splits as MNIST is published, gzipped; images of one channel. */
export async function writeIdxFolder(
  folder: string,
  train: LabelledImages,
  test: LabelledImages,
): Promise<void> {
  for (const [name, { count, shape, images, labels }] of [
    ['train', train] as const,
    ['t10k', test] as const,
  ]) {
    const pixels = idxBytes([count, shape.height, shape.width], images);
    await writeFile(join(folder, `${name}-images-idx3-ubyte.gz`), gzipSync(pixels));
    await writeFile(
      join(folder, `${name}-labels-idx1-ubyte.gz`),
      gzipSync(idxBytes([count], Uint8Array.from(labels))),
    );
  }
}

/** A folder that goes with the test. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'distillery-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
