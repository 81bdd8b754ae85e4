/**
 * @file Fashion-MNIST: a folder of the user's is taken only when its bytes are the right ones.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ensureFashionMnist, fashionMnistDigests } from '../../setup/fashion-mnist.js';
import { distilleryHome } from '../../setup/home.js';

const quiet = (): void => undefined;
const names = Object.keys(fashionMnistDigests);
let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'distillery-fashion-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

function fill(name: string, write: (path: string, file: string) => void): string {
  const target = join(folder, name);
  mkdirSync(target);
  for (const file of names) write(join(target, file), file);
  return target;
}

test('a folder that lacks a file, or holds other bytes, is refused with the remedy', async () => {
  await assert.rejects(ensureFashionMnist(folder, quiet, { path: folder }), {
    name: 'InvalidDataset',
    message: /lacks train-images-idx3-ubyte.*DISTILLERY_FASHION_MNIST/,
  });
  const plain = fill('plain', (path) => writeFileSync(path, 'other'));
  await assert.rejects(ensureFashionMnist(folder, quiet, { path: plain }), {
    name: 'InvalidDataset',
    message: /sha256/,
  });
  const truncated = fill('truncated', (path) => {
    writeFileSync(`${path}.gz`, gzipSync('some bytes that are cut').subarray(0, 20));
  });
  await assert.rejects(ensureFashionMnist(folder, quiet, { path: truncated }), {
    name: 'InvalidDataset',
    message: /not a whole gzip file/,
  });
});

test('the real files are taken as they are, packed or not', async () => {
  const cached = await ensureFashionMnist(distilleryHome(), quiet);
  const images = readFileSync(join(cached.folder, 't10k-images-idx3-ubyte'));
  assert.deepEqual([images.readUInt32BE(0), images.readUInt32BE(4)], [0x803, 10_000]);
  assert.deepEqual(await ensureFashionMnist(folder, quiet, { path: cached.folder }), {
    folder: cached.folder,
    source: 'given',
  });
  const packed = fill('packed', (path, file) => {
    writeFileSync(`${path}.gz`, gzipSync(readFileSync(join(cached.folder, file)), { level: 1 }));
  });
  const unpacked = await ensureFashionMnist(folder, quiet, { path: packed });
  assert.deepEqual(readFileSync(join(unpacked.folder, 't10k-images-idx3-ubyte')), images);
});
