/**
 * @file A short campaign: ten faults of ten kinds on real processes, and every digest as in peace.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { runCampaign } from './campaign.js';
import { reportLines } from './table.js';

test('ten kinds of faults lose nothing and change no digest', { timeout: 600_000 }, async (t) => {
  const said: string[] = [];
  const report = await runCampaign({
    seed: 4,
    minutes: 5,
    faults: 10,
    work: 1,
    seeds: [1],
    lanes: 2,
    say: (line) => said.push(line),
    signal: t.signal,
  });
  const table = [...said, ...reportLines(report)].join('\n');
  assert.deepEqual(report.problems, [], table);
  assert.equal(report.faults >= 10, true, table);
  assert.equal(report.recovered, report.faults, table);
  assert.equal(report.kinds.length >= 8, true, table);
  assert.equal(report.runs.length >= 3, true, table);
  assert.deepEqual(report.results, { damaged: 5, found: 5 }, table);
  for (const { differs, fingerprinted } of report.runs) {
    assert.deepEqual(differs, [], table);
    assert.equal(fingerprinted > 20, true, 'a comparison of nothing shows nothing');
  }
  t.diagnostic(table);
});
