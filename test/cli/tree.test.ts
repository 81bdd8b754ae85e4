/**
 * @file What the tree of stages looks like, to the column.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { treeLines } from '../../cli/status/tree.js';
import { columnsOf } from '../../cli/terminal/width.js';
import { terminalInMemory } from '../../cli/terminal/terminal.js';
import type { StageStatus } from '../../definition/stages.js';
import { matrixStatuses } from '../../workflows/matrix-status.js';
import { distill, evaluate, experts, now, run } from './fixtures.js';

test('a running pipeline', () => {
  assert.deepEqual(treeLines(run(), terminalInMemory(80), now), [
    'fmnist  fashion-mnist  running for 3 min 12 s',
    '├─ ✓ experts   finished in 48 s',
    '│              4 experts, test accuracy 82.3 ± 0.5 %',
    '├─ ● distill   123/300 ━━━━━━━─────────  41 %  0.81/s  ETA 3 min 40 s',
    '│              loss 0.9123  learned rate 0.01234  1 preemption',
    '│              iterations 123/300 on host:4242',
    '└─ ○ evaluate  waits for distill',
  ]);
});

test('a paused pipeline, and a unit near the end of its budget', () => {
  const paused = { since: '2026-11-24T12:03:00.000Z', reason: 'GPU needed' };
  const budget = { failures: 3, preemptions: null, backoffSeconds: 5 };
  const budgetUse = { unit: 'iterations 101–200', failures: 2, preemptions: 5 };
  const still = { ...distill, state: 'paused' as const, failures: 2, preemptions: 7, budget, budgetUse };
  const lines = treeLines(
    run({ state: 'paused', paused }, [experts, still, evaluate]),
    terminalInMemory(100),
    now,
  );
  assert.match(lines[0] ?? '', /^fmnist {2}fashion-mnist {2}paused since .*:03.* \(GPU needed\)$/);
  assert.deepEqual(lines.slice(3, 5), [
    '├─ ‖ distill   paused at 33 %',
    '│              2 failures, 7 preemptions  iterations 101–200: 2 of 3 failures, 5 preemptions',
  ]);
});

test('a run that failed says why, with the stage and in full below', () => {
  const failed = { ...distill, state: 'failed' as const, error: 'alpha is NaN at iteration 7', done: 6 };
  const skipped = { ...evaluate, state: 'skipped' as const };
  const cached = { ...experts, state: 'cached' as const };
  const view = run({ state: 'failed', error: 'distill: alpha is NaN at iteration 7' }, [
    cached,
    failed,
    skipped,
  ]);
  const lines = treeLines(view, terminalInMemory(80), now);
  assert.equal(lines[1], '├─ ✓ experts   already in the store, reused');
  assert.ok(lines.includes('├─ ✗ distill   failed after 2 min 24 s'));
  assert.ok(lines.includes('│              alpha is NaN at iteration 7'));
  assert.ok(lines.includes('└─ – evaluate  skipped'));
  assert.equal(lines.at(-1), 'distill: alpha is NaN at iteration 7');
});

test('a mistake in a definition is quoted line by line, with the mark where it belongs', () => {
  const error = 'definition:5:3: unknown key "sed"\n   5 |   sed: 1\n     |   ^';
  const lines = treeLines(run({ state: 'failed', error }, []), terminalInMemory(60), now);
  assert.deepEqual(lines.slice(-3), error.split('\n'));
});

test('a run that failed before its first stage took as long as its workflow', () => {
  const finishedAt = new Date(now - 100_000).toISOString();
  const startedAt = new Date(now - 101_000).toISOString();
  const view = run({ state: 'failed', error: 'no', startedAt, finishedAt }, []);
  assert.match(treeLines(view, terminalInMemory(80), now)[0] ?? '', /failed after 1 s$/);
});

test('fits its width, however long the names and narrow the window', () => {
  const long = { ...distill, id: 'distill[ipc=10,network=ConvNet,seed=123456789]', needs: [] };
  for (const columns of [40, 60, 80, 120]) {
    for (const line of treeLines(run({ note: 'word '.repeat(40) }, [long]), terminalInMemory(columns), now))
      assert.ok(columnsOf(line) <= columns, `${columnsOf(line)} columns in ${columns}: ${line}`);
  }
});

test('control characters of a definition do not reach the terminal', () => {
  const view = run({ name: 'a\u001b[2Jb\u202e', error: 'x\ny' });
  const text = treeLines(view, terminalInMemory(80), now).join('\n');
  assert.ok(text.includes('a\\x1b[2Jb\\u202e'));
  assert.ok(!text.includes('\u001b'));
  assert.ok(text.endsWith('x\ny'));
});

test('a matrix is one line, with the cells that run or have failed below it', () => {
  const cell = (ipc: number, change: Partial<StageStatus>): StageStatus => ({
    ...distill,
    id: `distill[ipc=${ipc}]`,
    matrix: { of: 'distill', cell: { ipc } },
    preemptions: 0,
    ...change,
  });
  const ended = { finishedAt: new Date(now - 10_000).toISOString() };
  const cells = [
    cell(1, { state: 'finished', ...ended }),
    cell(2, { state: 'cached', ...ended }),
    cell(5, { state: 'running' }),
    cell(10, { state: 'failed', error: 'alpha is NaN at iteration 7', ...ended }),
    cell(50, { state: 'waiting' }),
  ];
  const matrices = matrixStatuses(cells);
  const view = run({ matrices }, [experts, ...cells, evaluate]);
  assert.deepEqual(treeLines(view, terminalInMemory(100), now).slice(3), [
    '├─ ● distill          3/5 cells ━━━━──  1 finished, 1 cached, 1 running, 1 failed, 1 waiting',
    '│  · ✗ distill[ipc=10]  failed after 2 min 14 s',
    '│                       alpha is NaN at iteration 7',
    '│  · ● distill[ipc=5]   123/300 ━━━━━━━─────────  41 %  0.81/s  ETA 3 min 40 s',
    '│                       loss 0.9123  learned rate 0.01234',
    '│                       iterations 123/300 on host:4242',
    '└─ ○ evaluate         waits for distill',
  ]);
  // Of very many, the status names only some.
  const large = run({ matrices: [{ ...matrices[0]!, cells: 1000, states: { waiting: 1000 } }] }, [
    experts,
    { ...evaluate, type: 'report' },
  ]);
  assert.deepEqual(treeLines(large, terminalInMemory(100), now).slice(3), [
    '├─ ○ distill   1000 cells wait for experts',
    '└─ ○ evaluate  waits for distill',
  ]);
});
