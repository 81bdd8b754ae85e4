/**
 * @file How many real images of a class a plan draws.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { compile } from '../../definition/index.js';
import { realImagesPerClass } from '../../definition/real-images.js';
import { brief, changed, example, failure } from './examples.js';

const drawn = (text: string, ipc = 7) => realImagesPerClass(compile(text, { params: { ipc } }).plan.stages);
const evaluation = '      dataset: ${{ stages.distill.result }}\n';

test('as many as distilled, coreset and baselines take', () => {
  assert.equal(drawn(example), 7);
  const noise = changed('iterations: 100', 'iterations: 100\n      init: noise');
  assert.equal(drawn(noise), 7, 'random images as a baseline');
  const alone = noise.replace(evaluation, `${evaluation}      baselines: []\n`);
  assert.notEqual(alone, noise);
  assert.equal(drawn(alone), 0);
  const coreset = alone.replace(
    '  report:\n',
    '  coreset:\n    uses: select\n    with: { method: { name: random }, ipc: 9 }\n  report:\n',
  );
  assert.equal(drawn(coreset), 9);
});

test('no more than the rarest class of a well-known data set has', () => {
  const all = changed('fashion-mnist, limit: 1000, holdout', 'svhn, holdout').replace(
    '${{ params.ipc }}',
    '4660',
  );
  const problem = 'ipc 4660 is more than the rarest class has training images in "svhn": 4659; lower ipc';
  assert.deepEqual(failure(all).issues.map(brief), [`15:12 ${problem}`]);
  const noise = all.replace('iterations: 100', 'iterations: 100\n      init: noise');
  const baselines = noise.replace(evaluation, `${evaluation}      baselines: [random]\n`);
  assert.deepEqual(failure(baselines).issues.map(brief), [`30:18 ${problem}`]);
  assert.equal(drawn(baselines.replace('[random]', '[]')), 0);
});
