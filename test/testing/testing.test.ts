/**
 * @file What `distillery/testing` gives to users: a stage tried by itself, and a pipeline that only pretends.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ApplicationFailure } from '@temporalio/common';
import { decodeDistilled } from '../../artifacts/result-folder.js';
import type { CustomStageType } from '../../custom/stage-type.js';
import { packageRoot } from '../../setup/package-root.js';
import { pretendPipeline, tryStage } from '../../testing/index.js';
import { timeSkippingServer } from '../support/temporal.js';
import computing from '../support/compute-stages.js';
import loaders from '../datasets/own-loaders.js';

const folder = join(packageRoot(), 'pipelines', 'custom-stage');
const definition = readFileSync(join(folder, 'class-means.yaml'));
const { default: classMeans } = (await import(pathToFileURL(join(folder, 'class-means.mjs')).href)) as {
  default: CustomStageType;
};

test('the example of a stage makes the mean of images of each class, and other ones for another seed', async () => {
  const dataset = loaders.corners;
  const { output, store, progress } = await tryStage(classMeans, { ipc: 2, of: 3 }, { dataset });
  const { result, contrast } = output.outputs;
  assert.ok(typeof result === 'object' && typeof contrast === 'number' && contrast > 0.2);
  assert.deepEqual(output.images, { result: { ipc: 2, count: 8 } });
  assert.deepEqual(progress.at(-1), { done: 4, total: 4 });
  const { images, labels, mean, std, ipc } = decodeDistilled(await store.get(result));
  assert.deepEqual([[...labels], ipc], [[0, 0, 1, 1, 2, 2, 3, 3], 2]);
  // The last image is of class 3: bright at the bottom right, black at the top left.
  const pixel = (image: number, at: number) => images[image * 64 + at]! * std[0]! + mean[0]!;
  assert.ok(pixel(7, 63) > 0.45 && Math.abs(pixel(7, 0)) < 1e-6, `${pixel(7, 63)} ${pixel(7, 0)}`);

  const again = await tryStage(classMeans, { ipc: 2, of: 3 }, { dataset });
  assert.deepEqual(again.output, output);
  const other = await tryStage(classMeans, { ipc: 2, of: 3 }, { dataset, seed: 2 });
  assert.notDeepEqual(other.output.outputs, output.outputs);
  await assert.rejects(tryStage(classMeans, { ipc: 0 }, { dataset }), /Too small/);
});

test('a stage that computes has the engine', async () => {
  const learning = computing.find(({ name }) => name === 'learning');
  assert.ok(learning);
  const { output } = await tryStage(learning, {}, { dataset: loaders.corners });
  const { before, after, square } = output.outputs;
  assert.ok(Number(after) < Number(before) && Number(square) < 1e-6);
});

test('the example’s pipeline runs with activities that pretend, also when one of them fails twice', async (t) => {
  const server = await timeSkippingServer();
  t.after(() => server.teardown());
  let failures = 0;
  const { result, status, calls } = await pretendPipeline(server, definition, {
    stages: [classMeans],
    params: { epochs: 3 },
    interfere: ({ name }) => {
      if (name !== 'runCustomStage' || failures === 2) return;
      failures += 1;
      throw ApplicationFailure.retryable('no luck');
    },
  });
  assert.deepEqual(
    status.stages.map(({ id, type, state, failures: failed }) => [id, type, state, failed]),
    [
      ['means', 'custom/class-means', 'finished', 2],
      ['evaluate', 'evaluate', 'finished', 0],
      ['report', 'report', 'finished', 0],
    ],
  );
  const means = result.stages['means'];
  assert.deepEqual(means?.type === 'custom' && Object.keys(means.outputs), ['result', 'contrast']);
  assert.equal(calls.filter(({ name }) => name === 'evaluateNetwork').length, 4);
});
