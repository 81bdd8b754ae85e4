/**
 * @file However much happens in them, the stages of a pipeline send it a limited number of signals.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FewSignals } from '../../workflows/signal-schedule.js';

const counting = (length: number) => Array.from({ length }, (_, index) => index + 1);

describe('signals of a stage', () => {
  for (const [stages, most] of [
    [1, 100],
    [4, 100],
    [100, 4],
    [256, 1],
  ] as const) {
    it(`are at most ${most} in a pipeline of ${stages}`, () => {
      const schedule = new FewSignals(stages);
      const progress = counting(10_000).filter((done) => schedule.tellsProgress(done - 1, done, 10_000));
      const repeats = counting(1_000_000).filter((repeat) => schedule.tellsRepeat(repeat));
      assert.ok(progress.length > 0);
      assert.ok(progress.length + repeats.length <= most, `${progress.length} and ${repeats.length}`);
    });
  }

  it('tell of progress at even steps, and once when several are passed together', () => {
    const schedule = new FewSignals(100);
    assert.deepEqual(
      counting(9).filter((done) => schedule.tellsProgress(done - 1, done, 9)),
      [3, 6],
    );
    assert.equal(schedule.tellsProgress(0, 8, 9), true);
    assert.equal(schedule.tellsProgress(8, 9, 9), false);
  });

  it('tell of the first repeats at once, then ever more seldom', () => {
    const schedule = new FewSignals(1);
    assert.deepEqual(
      counting(40).filter((repeat) => schedule.tellsRepeat(repeat)),
      [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40],
    );
  });
});
