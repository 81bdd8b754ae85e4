import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { decodeMetrics, encodeMetrics } from '../../artifacts/metrics.js';
import { decodeDistilled, encodeDistilled, type DistilledSet } from '../../artifacts/result-folder.js';
import { readSafetensors, writeSafetensors } from '../../artifacts/safetensors.js';
import { getStageManifest, putStageManifest } from '../../artifacts/stages.js';
import type { StageManifest } from '../../definition/stages.js';
import { temporaryFolder } from '../support/idx.js';
import { MemoryStore } from '../support/memory-store.js';
import { pythonWith, runPython } from '../support/python.js';

const distilled: DistilledSet = {
  shape: { channels: 1, height: 2, width: 3 },
  images: Float32Array.from({ length: 12 }, (_, i) => i / 7 - 1),
  labels: Int32Array.of(0, 1),
  learnedRate: Math.fround(0.0123),
  mean: [0.2861],
  std: [0.353],
  classNames: ['T-shirt/top', 'Schuh „groß“'],
  iteration: 120,
  ipc: 1,
};

test('a distilled set survives its file', () => {
  const bytes = encodeDistilled(distilled);
  assert.deepEqual(decodeDistilled(bytes), distilled);
  assert.deepEqual(encodeDistilled(decodeDistilled(bytes)), bytes);
});

test('a file that is no distilled set is refused, with the reason', () => {
  const file = readSafetensors(encodeDistilled(distilled));
  const without = new Map(file.tensors);
  without.delete('labels');
  assert.throws(() => decodeDistilled(writeSafetensors(without, file.metadata)), {
    code: 'Corrupt',
    message: /labels/,
  });
  for (const change of [{ mean: '[1,2]' }, { iteration: 'many' }, { class_names: '[1]' }, { std: '' }]) {
    const bytes = writeSafetensors(file.tensors, { ...file.metadata, ...change });
    assert.throws(() => decodeDistilled(bytes), { code: 'Corrupt' }, JSON.stringify(change));
  }
});

test('Python’s safetensors opens a distilled set', async (t) => {
  const python = await pythonWith(['safetensors>=0.4', 'numpy>=1.26']);
  if (python === undefined) {
    t.diagnostic('not compared: this machine has no python3 with venv and pip');
    return;
  }
  const path = join(await temporaryFolder(t), 'distilled.safetensors');
  await writeFile(path, encodeDistilled(distilled));
  const program = `
import json, sys
from safetensors import safe_open
with safe_open(sys.argv[1], 'numpy') as f:
    images, labels, rate = (f.get_tensor(n) for n in ('images', 'labels', 'learned_rate'))
    print(json.dumps([images.shape, images.dtype.str, images.flatten().tolist(), labels.dtype.str, labels.tolist(), rate.tolist(), f.metadata()['class_names']]))
`;
  assert.deepEqual(JSON.parse(await runPython(python, program, path)), [
    [2, 1, 2, 3],
    '<f4',
    [...distilled.images],
    '<i8',
    [0, 1],
    [distilled.learnedRate],
    JSON.stringify(distilled.classNames),
  ]);
});

test('metrics are one line an iteration; a broken line is named', () => {
  const rows = [
    { iteration: 1, loss: 0.9, learnedRate: 0.01 },
    { iteration: 2, loss: 0.8, learnedRate: 0.011, gradientNorm: 3 },
  ];
  const bytes = encodeMetrics(rows);
  assert.equal(new TextDecoder().decode(bytes).split('\n').length, 3);
  assert.deepEqual(decodeMetrics(bytes), rows);
  assert.deepEqual(decodeMetrics(new Uint8Array()), []);
  for (const line of ['{"iteration":2', '{"iteration":2,"loss":null,"learnedRate":1}', '7', '']) {
    const broken = new TextEncoder().encode(`{"iteration":1,"loss":1,"learnedRate":1}\n${line}\n`);
    assert.throws(() => decodeMetrics(broken), { code: 'Corrupt', message: /line 2/ }, line);
  }
});

const blob = { key: 'blobs/sha256/ab/abc', sha256: 'ab'.repeat(32), bytes: 5, mediaType: 'application/json' };
const stage: StageManifest = {
  key: 'k1',
  type: 'distill',
  output: {
    type: 'distill',
    result: blob,
    metrics: blob,
    iteration: 50,
    iterations: 100,
    learnedRate: 0.01,
    candidates: [{ iteration: 50, accuracy: 0.5, std: 0.01 }],
  },
  workflowId: 'w',
  runId: 'r',
  finishedAt: '2026-01-01T00:00:00.000Z',
  seconds: 12.5,
};

test('the first result of a stage stands', async () => {
  const store = new MemoryStore();
  assert.equal(await getStageManifest(store, 'distill', 'k1'), undefined);
  assert.equal((await putStageManifest(store, stage)).created, true);
  assert.equal((await putStageManifest(store, { ...stage, workflowId: 'later' })).created, false);
  assert.deepEqual(await getStageManifest(store, 'distill', 'k1'), stage);
  assert.deepEqual(store.keys(), ['stages/distill/k1.json']);
});

test('a stage result that is damaged or of another form is reported and computed again', async () => {
  const store = new MemoryStore();
  const reasons: string[] = [];
  const get = (key: string) =>
    getStageManifest(store, 'distill', key, ({ message }) => reasons.push(message));
  await store.putManifest('stages/distill/old.json', { ...stage, output: { type: 'distill', result: blob } });
  await store.putObject('stages/distill/broken.json', new Uint8Array(3), 'application/json');
  assert.equal(await get('old'), undefined);
  assert.equal(await get('broken'), undefined);
  assert.match(reasons[0]!, /stages\/distill\/old\.json is not what it should be: output\.metrics/);
  assert.match(reasons[1]!, /stages\/distill\/broken\.json is damaged/);
});
