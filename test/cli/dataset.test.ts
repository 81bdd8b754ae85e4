/**
 * @file `distillery dataset inspect`, as users run it.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { PNG } from 'pngjs';
import type { DatasetReport } from '../../datasets/inspect.js';
import { importDataset } from '../../datasets/import.js';
import { cifarBytes } from '../support/cifar.js';
import { temporaryFolder, writeIdxFolder } from '../support/idx.js';
import { bandImages } from '../support/images.js';
import { MemoryStore } from '../support/memory-store.js';
import { npyBytes } from '../support/npy.js';
import { classFolders, writeFiles } from '../support/pictures.js';

function inspect(...words: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['bin/distillery.mjs', 'dataset', 'inspect', ...words],
    { encoding: 'utf8', env: { PATH: process.env['PATH'] } },
  );
  return { code: status, out: stdout, err: stderr };
}

const grey = { channels: 1, height: 8, width: 8 };
const names = ['ant', 'bee', 'cow\x1b[31m'];

test('inspect says what is in class folders, and draws a grid', async (t) => {
  const folder = await temporaryFolder(t);
  const train = bandImages(12, 3, grey);
  await writeFiles(folder, [
    ...classFolders(train, names, 'train/'),
    ...classFolders(bandImages(6, 3, grey, 2), names, 'test/'),
  ]);
  const grid = join(await temporaryFolder(t), 'grid.png');
  const { code, out, err } = inspect(folder, '--grid', grid);
  assert.equal(code, 0, err);
  assert.match(out, /^format {2}folders\nimages {2}1x8x8, 12 for training, 6 for testing\nmean/);
  assert.match(out, /\n {8}1 bee +4 training, 2 test\n/);
  assert.match(out, /\ndigest {2}sha256 [0-9a-f]{64}\n/);
  assert.doesNotMatch(out, /\x1b\[31m/, 'names cannot colour the terminal');
  const picture = PNG.sync.read(await readFile(grid));
  assert.ok(picture.width > 100 && picture.height > 100);
});

test('inspect --json: counts, published constants, and one digest in every format', async (t) => {
  const shape = { channels: 3, height: 32, width: 32 };
  const held = bandImages(10, 10, shape, 2);
  const binary = await temporaryFolder(t);
  const whole = bandImages(100, 10, shape);
  const size = 3 * 32 * 32;
  for (let part = 0; part < 5; part += 1) {
    const [from, to] = [part * 20, part * 20 + 20];
    const images = whole.images.subarray(from * size, to * size);
    const batch = { shape, count: 20, images, labels: whole.labels.subarray(from, to) };
    await writeFiles(binary, [[`data_batch_${part + 1}.bin`, cifarBytes(batch, 10)]]);
  }
  await writeFiles(binary, [['test_batch.bin', cifarBytes(held, 10)]]);
  const arrays = await temporaryFolder(t);
  await writeFiles(arrays, [
    ['x_train.npy', npyBytes('|u1', [100, 3, 32, 32], whole.images)],
    ['y_train.npy', npyBytes('<i4', [100], whole.labels)],
    ['x_test.npy', npyBytes('|u1', [10, 3, 32, 32], held.images)],
    ['y_test.npy', npyBytes('<i4', [10], held.labels)],
  ]);
  const report = (folder: string): DatasetReport =>
    JSON.parse(inspect(folder, '--json').out) as DatasetReport;
  const [first, second] = [report(binary), report(arrays)];
  assert.deepEqual([first.format, second.format], ['cifar-10', 'npz']);
  assert.equal(first.digest, second.digest);
  assert.deepEqual(first.published?.mean, [0.4914, 0.4822, 0.4465]);
  assert.equal(second.published, undefined);
  assert.deepEqual(first.train, { count: 100, perClass: Array.from({ length: 10 }, () => 10) });
  assert.equal(first.classNames[9], 'truck');
  const { manifest } = await importDataset(new MemoryStore(), arrays, { name: 'mine' });
  assert.deepEqual([manifest.mean, manifest.std], [second.mean, second.std]);
  await writeFiles(arrays, [['y_test.npy', npyBytes('<i4', [10], Int32Array.from(held.labels).reverse())]]);
  assert.notEqual(report(arrays).digest, second.digest);
});

test('inspect refuses with exit code, file and reason, and no stack', async (t) => {
  const folder = await temporaryFolder(t);
  await writeIdxFolder(folder, bandImages(12, 3, grey), bandImages(6, 3, { ...grey, width: 9 }));
  const differing = inspect(folder);
  assert.notEqual(differing.code, 0);
  assert.match(differing.err, /training images are 1 x 8 x 8, test images 1 x 8 x 9/);
  assert.doesNotMatch(differing.err, /\n\s+at /);
  const usage = inspect(folder, '--test-fraction', '2');
  assert.equal(usage.code, 2);
  assert.match(usage.err, /Give a number between 0 and 1/);
});
