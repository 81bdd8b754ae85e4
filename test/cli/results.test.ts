/**
 * @file What a user gets at the end: files, accuracies, the command to start it again; and parameters.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import type { Reference } from '../../artifacts/reference.js';
import type { ArtifactStore } from '../../artifacts/store.js';
import { collectParameter } from '../../cli/parameters.js';
import { accuracyLines } from '../../cli/results/accuracy-summary.js';
import { downloadPrefix, downloadReferences, localPath } from '../../cli/results/download.js';
import { startLines } from '../../cli/results/start-line.js';
import { terminalInMemory } from '../../cli/terminal/terminal.js';
import { compile } from '../../definition/index.js';
import type { EvaluationRow, PipelineResult } from '../../definition/stages.js';
import { packageRoot } from '../../setup/package-root.js';

const report = new TextEncoder().encode('<html>');
const sha256 = createHash('sha256').update(report).digest('hex');
const reference: Reference = {
  key: 'results/fmnist-01/report.html',
  sha256,
  bytes: report.length,
  mediaType: 'text/html',
};

/** A store with one result folder and one blob whose bytes are not those of its name. */
const store = {
  location: 'memory',
  get: () => Promise.resolve(report),
  getObject: () => Promise.resolve(report),
  async *list(prefix: string) {
    await Promise.resolve();
    for (const key of [reference.key, `blobs/sha256/00/${'0'.repeat(64)}`])
      if (key.startsWith(prefix)) yield { key, bytes: report.length, lastModified: new Date(0) };
  },
} as unknown as ArtifactStore;

test('a result folder is downloaded once, whole files only', async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'distillery-get-'));
  context.after(() => rmSync(directory, { recursive: true }));
  const first = await downloadReferences(store, [reference], 'results/fmnist-01/', directory);
  assert.deepEqual(first, [{ path: join(directory, 'report.html'), bytes: 6, fetched: true }]);
  assert.deepEqual(readFileSync(join(directory, 'report.html')), Buffer.from(report));
  const again = await downloadReferences(store, [reference], 'results/fmnist-01/', directory);
  assert.equal(again[0]?.fetched, false);
  assert.deepEqual(readdirSync(directory), ['report.html'], 'no drafts are left');
});

test('a blob is checked against the digest it is named by', async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'distillery-get-'));
  context.after(() => rmSync(directory, { recursive: true }));
  await assert.rejects(downloadPrefix(store, 'blobs/', directory), { code: 'Corrupt' });
  assert.deepEqual(readdirSync(directory), []);
});

test('no key leaves the folder', () => {
  assert.equal(localPath('out', 'results/a/b.png', 'results/a'), join('out', 'b.png'));
  assert.equal(localPath('out', 'results/a/grid/b.png', 'results/'), join('out', 'a', 'grid', 'b.png'));
  for (const key of ['results/../../etc/passwd', 'results//x', 'results/a\\..\\b', 'results/.'])
    assert.throws(() => localPath('out', key, 'results/'), { code: 'Corrupt' }, key);
});

/** Of one ConvNet, or of three that are equally good. */
function row(trainedOn: EvaluationRow['trainedOn'], mean: number, std?: number): EvaluationRow {
  const accuracies = std === undefined ? [mean] : [mean, mean, mean];
  return { trainedOn, architecture: 'ConvNet', mean, std: std ?? 0, accuracies };
}

function output(...rows: EvaluationRow[]): PipelineResult['stages'][string] {
  return { type: 'evaluate', scores: reference, rows };
}

function resultOf(stages: PipelineResult['stages']): PipelineResult {
  return { name: 'some', seed: 1, reused: [], stages };
}

test('accuracies and the difference in points', () => {
  const rows = [row('distilled', 0.6821, 0.0041), row('random', 0.451, 0.021), row('full', 0.853, 0.002)];
  assert.deepEqual(accuracyLines(resultOf({ evaluate: output(...rows) }), undefined, terminalInMemory(80)), [
    'TRAINED ON              NETWORK   TEST ACCURACY  OF WHOLE  RUNS',
    'distilled images        ConvNet  68.21 % ± 0.41      80 %     3',
    'random real images      ConvNet  45.10 % ± 2.10      53 %     3',
    'the whole training set  ConvNet  85.30 % ± 0.20     100 %     3',
    '',
    'ConvNet: the distilled images beat as many random real ones by 23.1 points.',
  ]);
});

test('a difference that is not to be seen is none', () => {
  const rows = [row('distilled', 0.4), row('random', 0.4002)];
  assert.equal(
    accuracyLines(resultOf({ evaluate: output(...rows) }), undefined, terminalInMemory(80)).at(-1),
    'ConvNet: the distilled images are level with as many random real ones.',
  );
});

test('several methods in one table, each compared with its own baseline', () => {
  const { plan } = compile(readFileSync(join(packageRoot(), 'pipelines', 'fashion-mnist-methods.yaml')));
  const result = resultOf({
    'evaluate-herding': output(row('selected', 0.55), row('full', 0.8)),
    evaluate: output(row('distilled', 0.7), row('random', 0.5), row('full', 0.8)),
  });
  assert.deepEqual(accuracyLines(result, plan, terminalInMemory(120)), [
    'TRAINED ON                                      NETWORK   TEST ACCURACY  OF WHOLE  RUNS',
    'real images by herding, 1 per class             ConvNet  55.00 % ± 0.00      69 %     1',
    'distilled images, 1 per class                   ConvNet  70.00 % ± 0.00      88 %     1',
    'random real images, 1 per class                 ConvNet  50.00 % ± 0.00      63 %     1',
    'all 5,000 training images, 12 epochs (experts)  ConvNet  80.00 % ± 0.00     100 %     1',
    '',
    'ConvNet: the distilled images beat as many random real ones by 20.0 points.',
  ]);
});

test('of several distilled sets it is said which is which', () => {
  const { plan } = compile(readFileSync(join(packageRoot(), 'pipelines', 'fashion-mnist-methods.yaml')));
  const result = resultOf({
    'evaluate-dm': output(row('distilled', 0.65)),
    evaluate: output(row('distilled', 0.7), row('random', 0.5)),
  });
  assert.deepEqual(accuracyLines(result, plan, terminalInMemory(120)).slice(1), [
    'distilled images of dm, 1 per class       ConvNet  65.00 % ± 0.00     1',
    'distilled images of distill, 1 per class  ConvNet  70.00 % ± 0.00     1',
    'random real images, 1 per class           ConvNet  50.00 % ± 0.00     1',
    '',
    'ConvNet: the distilled images of distill beat as many random real ones by 20.0 points.',
  ]);
});

test('who trained on the whole set is said', () => {
  const text = `name: whole
dataset: { source: fashion-mnist, limit: 1000 }
network: { architecture: ConvNet, depth: 2, width: 8 }
stages:
  distill: { uses: distill, with: { method: { name: dm }, ipc: 3 } }
  evaluate:
    uses: evaluate
    with: { dataset: '\${{ stages.distill.result }}', baselines: [full], full: { epochs: 30 } }
`;
  const rows: EvaluationRow[] = [row('distilled', 0.6), { ...row('full', 0.8), source: 'training' }];
  assert.deepEqual(
    accuracyLines(resultOf({ evaluate: output(...rows) }), compile(text).plan, terminalInMemory(120)).slice(
      1,
    ),
    [
      'distilled images, 3 per class         ConvNet  60.00 % ± 0.00      75 %     1',
      'all 1,000 training images, 30 epochs  ConvNet  80.00 % ± 0.00     100 %     1',
    ],
  );
});

test('the temporal command can be pasted into a shell', () => {
  const line = { workflowId: 'fmnist', address: '127.0.0.1:7233', namespace: 'default' };
  assert.deepEqual(startLines({ ...line, file: 'pipelines/x.yaml' }), [
    'temporal workflow start --type pipeline --task-queue distillery \\',
    '  --workflow-id fmnist \\',
    '  --input-file pipelines/x.yaml \\',
    '  --input-meta encoding=binary/plain',
  ]);
  const elsewhere = startLines({ ...line, file: "it's $HOME.yaml", address: 'other:7233', namespace: 'lab' });
  assert.match(elsewhere[0] ?? '', / --address other:7233 --namespace lab \\$/);
  assert.equal(elsewhere[2], String.raw`  --input-file 'it'\''s $HOME.yaml' ` + '\\');
});

test('parameters keep their text; mistakes are named', () => {
  assert.deepEqual(collectParameter('lr=1e-3', { ipc: '10' }), { ipc: '10', lr: '1e-3' });
  assert.deepEqual(collectParameter('note=a=b', {}), { note: 'a=b' });
  assert.throws(() => collectParameter('ipc', {}), /name=value/);
  assert.throws(() => collectParameter('=1', {}), /name=value/);
  assert.throws(() => collectParameter('ipc=1', { ipc: '2' }), /twice/);
});
