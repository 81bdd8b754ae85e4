/**
 * @file Work that keeps the worker's thread to itself is noticed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ThreadWatch } from '../../activities/thread-watch.js';

test('tells the longest time in which nothing else got a turn, also at the very end', async () => {
  const patient = new ThreadWatch();
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.ok(patient.stop() < 1);
  const watch = new ThreadWatch();
  const end = performance.now() + 1500;
  while (performance.now() < end);
  const seconds = watch.stop();
  assert.ok(seconds > 1 && seconds < 3, `${seconds} s`);
});
