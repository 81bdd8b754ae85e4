/**
 * @file The faults of a campaign follow from its seed, and leave out none.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { faultKinds } from './kinds/index.js';
import type { PlannedFault } from './kinds/kind.js';
import { schedule } from './schedule.js';

function first(count: number, seed: number): PlannedFault[] {
  const faults: PlannedFault[] = [];
  for (const fault of schedule(seed)) {
    if (fault.number > count) break;
    faults.push(fault);
  }
  return faults;
}

test('a seed gives the same faults every time, another seed others', () => {
  assert.deepEqual(first(100, 7), first(100, 7));
  assert.notDeepEqual(first(100, 7), first(100, 8));
});

test('a longer campaign begins like a shorter one', () => {
  assert.deepEqual(first(100, 7).slice(0, 40), first(40, 7));
});

test('every kind comes once in each round, with targets and ways of its own', () => {
  const rounds = 20;
  const faults = first(rounds * faultKinds.length, 3);
  for (const { kind, targets, ways = [''], lasts: [shortest, longest] = [0, 0] } of faultKinds) {
    const those = faults.filter((fault) => fault.kind === kind);
    assert.equal(those.length, rounds, kind);
    assert.deepEqual(new Set(those.map(({ target }) => target)), new Set(targets), `targets of ${kind}`);
    assert.deepEqual(new Set(those.map(({ way }) => way)), new Set(ways), `ways of ${kind}`);
    for (const { lastsSeconds, afterSigns } of those) {
      assert.equal(lastsSeconds >= shortest && lastsSeconds <= longest, true, `${kind}: ${lastsSeconds} s`);
      assert.equal(afterSigns >= 1, true);
    }
  }
  const firstRound = faults.slice(0, faultKinds.length).map(({ kind }) => kind);
  assert.equal(new Set(firstRound).size, faultKinds.length);
});
