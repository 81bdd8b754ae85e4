/**
 * @file Progress in plain lines, the joined view and the estimate of the end.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EtaEstimator } from '../../cli/status/eta.js';
import { ProgressLines } from '../../cli/status/progress-lines.js';
import { viewStage } from '../../cli/status/view.js';
import type { StageStatus } from '../../definition/stages.js';
import { matrixStatuses } from '../../workflows/matrix-status.js';
import { distill, experts, iterations, now, run } from './fixtures.js';

test('plain lines tell what changed, and how far it is now and then', () => {
  const progress = new ProgressLines(8_000);
  const first = progress.next(run(), now);
  assert.deepEqual(first, [
    { source: 'experts', message: 'finished in 48 s: 4 experts, test accuracy 82.3 ± 0.5 %' },
    {
      source: 'distill',
      message: '123/300  41 %  0.81/s  ETA 3 min 40 s  loss 0.9123  learned rate 0.01234  1 preemption',
    },
  ]);
  assert.deepEqual(progress.next(run(), now + 20_000), [], 'nothing moved');
  const moved = run();
  const further = moved.stages.map((stage) => (stage.id === 'distill' ? { ...stage, fraction: 0.5 } : stage));
  assert.deepEqual(progress.next({ ...moved, stages: further }, now + 5_000), [], 'too soon');
  assert.equal(progress.next({ ...moved, stages: further }, now + 9_000).length, 1);
});

test('a preemption is told at once', () => {
  const progress = new ProgressLines(8_000);
  progress.next(run(), now);
  const lines = progress.next(run({}, [experts, { ...distill, preemptions: 2 }]), now + 1_000);
  assert.equal(lines.length, 1);
  assert.match(lines[0]?.message ?? '', /2 preemptions/);
});

test('chunk heartbeats count from the start of the distillation or of the chunk', () => {
  const none = () => undefined;
  assert.equal(viewStage(distill, [iterations], none).done, 123);
  assert.equal(viewStage(distill, [{ ...iterations, done: 23, total: 100 }], none).done, 123);
  const candidate = { ...iterations, unit: 'candidate 50 run 0', done: 299, metrics: { accuracy: 0.5 } };
  const view = viewStage(distill, [candidate, iterations], none);
  assert.equal(view.done, 123, 'evaluations of a candidate are not iterations');
  assert.equal(view.rate, 0.81);
  assert.deepEqual(Object.keys(view.metrics), ['loss', 'learnedRate']);
});

test('half an expert moves the bar, not the count', () => {
  const status = { ...experts, state: 'running' as const, done: 1 };
  const half = { ...iterations, unit: 'expert 1', done: 6, total: 12 };
  const view = viewStage(status, [half, half], () => undefined);
  assert.equal(view.done, 1);
  assert.equal(view.fraction, 0.5);
});

test('the estimate follows a steady pace and stays calm through a bump', () => {
  const estimator = new EtaEstimator();
  const stage = { ...distill, startedAt: new Date(0).toISOString() };
  let eta: number | undefined;
  // One per cent every two seconds: 200 s in all.
  for (let second = 0; second <= 100; second += 2)
    eta = estimator.observe(stage, second / 200, second * 1000);
  assert.ok(eta !== undefined && Math.abs(eta - 100) < 2, `${eta} s instead of 100 s`);
  const after = estimator.observe(stage, 0.5, 110_000);
  assert.ok(after !== undefined && after > 85 && after < 105, `${after} s after a pause of 10 s`);
});

test('no estimate without progress', () => {
  const estimator = new EtaEstimator();
  assert.equal(estimator.observe(distill, 0, now), undefined);
});

test('the time until something moves first is not extrapolated', () => {
  const estimator = new EtaEstimator();
  const stage = { ...distill, startedAt: new Date(0).toISOString() };
  for (let second = 0; second <= 30; second++)
    assert.equal(estimator.observe(stage, 0, second * 1000), undefined);
  assert.equal(estimator.observe(stage, 0.01, 31_000), undefined, 'one movement has no speed');
  const eta = estimator.observe(stage, 0.06, 36_000);
  assert.ok(eta !== undefined && Math.abs(eta - 94) < 1, `${eta} s instead of 94 s`);
});

test('the time that a stage waits for a worker is not taken for its speed', () => {
  const estimator = new EtaEstimator();
  const stage = { ...distill, startedAt: new Date(0).toISOString() };
  for (let second = 0; second <= 20; second++) estimator.observe(stage, second / 100, second * 1000);
  for (let second = 21; second < 150; second++) estimator.observe(stage, 0.2, second * 1000);
  const again = estimator.observe(stage, 0.21, 150_000);
  assert.ok(again !== undefined && Math.abs(again - 79) < 1, `${again} s instead of 79 s`);
  for (let second = 1; second <= 5; second++)
    estimator.observe(stage, 0.21 + second / 200, (150 + second) * 1000);
  const slower = estimator.observe(stage, 0.24, 156_000);
  assert.ok(slower !== undefined && slower > 79 && slower < 152, `${slower} s at half the speed`);
});

test('the time before the first movement is not part of a speed since the start', () => {
  const estimator = new EtaEstimator();
  const stage = { ...distill, startedAt: new Date(0).toISOString() };
  for (let second = 0; second <= 60; second++) estimator.observe(stage, 0, second * 1000);
  const eta = estimator.observe(stage, 0.1, 70_000);
  assert.ok(eta !== undefined && Math.abs(eta - 90) < 1, `${eta} s instead of 90 s`);
});

test('a fall back to a checkpoint starts the estimate afresh', () => {
  const estimator = new EtaEstimator();
  const stage = { ...distill, startedAt: new Date(0).toISOString() };
  for (let second = 0; second <= 50; second += 5) estimator.observe(stage, second / 100, second * 1000);
  const eta = estimator.observe(stage, 0.25, 50_000);
  assert.ok(eta !== undefined && Math.abs(eta - 150) < 1, `${eta} s instead of 150 s`);
});

test('of very many cells only those that fail are told one by one', () => {
  const cells = Array.from({ length: 25 }, (_, ipc): StageStatus => ({
    ...distill,
    id: `distill[ipc=${ipc}]`,
    matrix: { of: 'distill', cell: { ipc } },
    state: ipc < 3 ? 'finished' : ipc === 3 ? 'failed' : 'waiting',
    ...(ipc === 3 && { error: 'alpha is NaN' }),
  }));
  const progress = new ProgressLines(8_000);
  const view = run({ matrices: matrixStatuses(cells) }, cells);
  const lines = progress.next(view, now);
  assert.deepEqual(
    lines.map(({ source, message }) => `${source}: ${message}`),
    [
      'distill: 4/25 cells: 3 finished, 1 failed, 21 waiting',
      'distill[ipc=3]: failed after 2 min 24 s: alpha is NaN',
    ],
  );
  assert.deepEqual(progress.next(view, now + 20_000), [], 'nothing moved');
});
