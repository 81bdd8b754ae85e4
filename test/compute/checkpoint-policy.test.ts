/**
 * @file How often checkpoints are written, on a clock of the test's own.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CheckpointPolicy, type CheckpointInterval } from '../../compute/checkpoint-policy.js';

/** Steps of `step` ms for `total` ms; what was written and what that cost in all. */
function work(interval: CheckpointInterval, step: number, total: number, cost: (write: number) => number) {
  const policy = new CheckpointPolicy(interval, 0);
  const written: number[] = [];
  let spent = 0;
  let longest = 0;
  for (let now = 0, last = 0; now < total;) {
    now += step;
    longest = Math.max(longest, now - last);
    if (!policy.due(now)) continue;
    const price = cost(written.length);
    policy.written(now, now + price);
    written.push(now);
    spent += price;
    now += price;
    last = now;
  }
  return { written, share: spent / total, longest };
}

const minutes = 60_000;

describe('checkpoint policy', () => {
  it('writes every ten seconds where that is cheap', () => {
    const { written, longest } = work(10, 300, 10 * minutes, () => 50);
    assert.ok(written.length >= 55 && written.length <= 60, `${written.length} checkpoints`);
    assert.ok(longest < 10_500);
  });

  it('takes at most 2 % of the time where it is dear', () => {
    for (const cost of [500, 1000, 4000]) {
      const { share, written } = work(10, 300, 120 * minutes, () => cost);
      assert.ok(share <= 0.02, `${share}`);
      assert.ok(written.length > 20);
    }
  });

  it('never waits longer than five minutes', () => {
    assert.ok(work(10, 300, 60 * minutes, () => 20_000).longest < 5.1 * minutes);
  });

  it('is not impressed by a store that was slow once', () => {
    const { longest } = work(10, 300, 30 * minutes, (write) => (write === 5 ? 30_000 : 50));
    assert.ok(longest < 10_500, `${longest}`);
  });

  it('writes after every step at 0, and never when it is off', () => {
    assert.equal(work(0, 300, 30_000, () => 100).written.length, 75);
    assert.equal(work('off', 300, 60 * minutes, () => 0).written.length, 0);
  });

  it('writes after every step that is longer than the interval', () => {
    const { written } = work(10, 60_000, 30 * minutes, () => 100);
    assert.equal(written.length, 30);
  });

  it('tries ever more rarely what the store did not take, and says how old the last one is', () => {
    const policy = new CheckpointPolicy(10, 0);
    const waits: number[] = [];
    for (let now = 10_000, tries = 0; tries < 5; tries += 1, now += policy.wait) {
      assert.equal(policy.missed(now), now);
      waits.push(policy.wait);
    }
    assert.deepEqual(waits, [10_000, 20_000, 40_000, 60_000, 60_000]);
    policy.written(200_000, 200_100);
    assert.equal(policy.wait, 10_000);
  });
});
