/**
 * @file What a campaign says about faults: what they cost, when they were made up for, and what was lost.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { TaskEvent } from '../../activities/index.js';
import { faultKinds } from './kinds/index.js';
import type { PlannedFault } from './kinds/kind.js';
import { Ledger } from './ledger.js';
import { reportOf, type Evidence } from './report.js';
import type { RunRecord } from './runs.js';
import { Strikes } from './strikes.js';
import { reportLines } from './table.js';
import { workRepeated } from './work-repeated.js';

/** A ledger and strikes on a clock that is set by hand. */
function scene() {
  const clock = { seconds: 0 };
  const ledger = new Ledger(() => clock.seconds);
  const strikes = new Strikes();
  ledger.onSign = (sign) => strikes.sign(sign);
  const at = (seconds: number, action: () => void) => {
    clock.seconds = seconds;
    action();
  };
  return { ledger, strikes, at };
}

function task(state: TaskEvent['state'], unit = 'expert 0'): TaskEvent {
  return { state, unit, task: 'trainExpert', workflowId: 'run-1/experts', runId: 'r' };
}

function fault(kind: string, target: PlannedFault['target'] = 'compute-1'): PlannedFault {
  return { number: 1, kind, target, way: '', afterSigns: 1, afterSeconds: 0, lastsSeconds: 0 };
}

test('work after the checkpoint that was used is repeated, work before it is not', () => {
  const { ledger, at } = scene();
  at(10, () => ledger.task('compute-1', task('started')));
  at(15, () => ledger.written('compute-1', 'a', 100));
  at(18, () => ledger.written('compute-1', 'b', 160));
  at(22, () => ledger.lost('compute-1'));
  at(30, () => ledger.task('compute-2', task('started')));
  // The newest one is damaged.
  at(31, () => ledger.read('compute-2', 'b', 160));
  at(32, () => ledger.read('compute-2', 'a', 100));
  at(40, () => ledger.task('compute-2', task('finished')));
  assert.deepEqual(
    workRepeated(ledger.attempts).map(({ seconds }) => seconds),
    [22 - 15],
  );
});

test('without a checkpoint all of an attempt is repeated; a finished one never is', () => {
  const { ledger, at } = scene();
  at(0, () => ledger.task('compute-1', task('started')));
  at(4, () => ledger.task('compute-1', task('failed')));
  at(5, () => ledger.task('compute-1', task('started')));
  at(9, () => ledger.task('compute-1', task('finished')));
  at(9, () => ledger.task('compute-1', task('started', 'expert 1')));
  at(20, () => ledger.lost('compute-1'));
  assert.deepEqual(
    workRepeated(ledger.attempts).map(({ seconds }) => seconds),
    [4],
  );
});

test('a frozen worker computes nothing from then on, and what it does after its thaw counts for nothing', () => {
  const { ledger, at } = scene();
  at(0, () => ledger.task('compute-1', task('started')));
  at(3, () => ledger.frozen('compute-1'));
  at(14, () => ledger.task('compute-2', task('started')));
  at(17, () => ledger.thawed('compute-1'));
  at(18, () => ledger.task('compute-1', task('stopped')));
  assert.equal(ledger.attempts[0]?.endedAt, 3);
  assert.equal(ledger.attempts[0].finished, false);
});

test('a damaged object counts as met when it is read, and no more once it is written anew', () => {
  const { ledger } = scene();
  ledger.spoiled('a');
  ledger.spoiled('b');
  ledger.written('compute-1', 'b', 2);
  ledger.read('compute-2', 'a', 1);
  ledger.read('compute-2', 'b', 2);
  assert.equal(ledger.damagedObjects, 2);
  assert.equal(ledger.damagedMet, 1);
});

test('a fault is made up for when what it stopped begins again', () => {
  const { ledger, strikes, at } = scene();
  at(0, () => ledger.task('compute-1', task('started')));
  strikes.all.push({ fault: fault('a kill'), at: 5, stopped: { unit: 'run-1/experts expert 0' }, overAt: 5 });
  at(6, () => ledger.task('compute-2', task('started', 'expert 1')));
  assert.equal(strikes.all[0]?.recoveredAt, undefined);
  at(16, () => ledger.task('compute-2', task('started')));
  assert.equal(strikes.all[0]?.recoveredAt, 16);
});

test('a fault that spoiled a request is made up for when that request is answered, or its worker gone', () => {
  const { ledger, strikes, at } = scene();
  const request = { method: 'PUT', path: '/campaign/a' };
  for (const worker of ['compute-1', 'compute-2'] as const)
    strikes.all.push({ fault: fault('a reset', worker), at: 5, stopped: { worker, request }, overAt: 6 });
  at(7, () => ledger.task('compute-1', task('started')));
  strikes.answered({ method: 'GET', path: '/campaign/a' }, 8);
  assert.deepEqual(
    strikes.all.map(({ recoveredAt }) => recoveredAt),
    [undefined, undefined],
  );
  strikes.gone('compute-2');
  at(9, () => ledger.task('compute-1', task('finished')));
  strikes.answered({ ...request }, 10);
  assert.deepEqual(
    strikes.all.map(({ recoveredAt }) => recoveredAt),
    [10, 9],
  );
});

function record(id: string, change: Partial<RunRecord> = {}): RunRecord {
  const fingerprint = { 'distilled set': 'aa', metrics: 'bb' };
  return {
    id,
    seed: 1,
    seconds: 10,
    fingerprint,
    events: { [id]: 40 },
    errors: {},
    preemptions: 0,
    failures: 0,
    ...change,
  };
}

function failed(id: string): RunRecord {
  return {
    id,
    seed: 1,
    seconds: 10,
    error: 'no answer',
    events: {},
    errors: {},
    preemptions: 0,
    failures: 0,
  };
}

function evidence(change: Partial<Evidence>): Evidence {
  const { ledger, strikes } = scene();
  const references = [record('reference-1')];
  return {
    seed: 1,
    seconds: 60,
    ledger,
    strikes,
    references,
    runs: [],
    aftermath: undefined,
    unasked: new Map(),
    errors: [],
    ...change,
  };
}

test('a campaign in which every run is equal and every fault made up for has no problems', () => {
  const { strikes } = scene();
  const kind = faultKinds[0]?.kind ?? '';
  strikes.all.push({ fault: fault(kind), at: 5, stopped: undefined, overAt: 5, recoveredAt: 12 });
  const report = reportOf(evidence({ strikes, runs: [record('run-1', { events: { 'run-1': 44 } })] }));
  assert.deepEqual(report.problems, []);
  assert.deepEqual(report.kinds, [
    { kind, faults: 1, recovered: 1, longestRecoverySeconds: 7, repeatedSeconds: 0 },
  ]);
  assert.equal(report.mostEvents, 44);
  assert.match(reportLines(report).join('\n'), /run-1 .* equal\n.*\nnothing was lost$/s);
});

test('what differs, fails or does not go on is named', () => {
  const { strikes } = scene();
  strikes.all.push({ fault: fault(faultKinds[0]?.kind ?? ''), at: 5, stopped: undefined, overAt: 5 });
  const runs = [record('run-1', { fingerprint: { 'distilled set': 'aa', metrics: 'cc' } }), failed('run-2')];
  const { problems } = reportOf(evidence({ strikes, runs }));
  assert.deepEqual(problems, [
    'run-1 (seed 1) differs in metrics',
    'run-2 (seed 1) has no result: no answer',
    'nothing went on after fault 1, kill -9 of a worker (compute-1)',
  ]);
});
