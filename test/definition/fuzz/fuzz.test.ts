/**
 * @file A short campaign of damaged definitions; `npm run fuzz` runs longer ones.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Campaign } from './campaign.js';

describe('damaged definitions', () => {
  it('neither crash, take long nor pass silently', () => {
    const count = 3000;
    const { cases, compiled, findings, codes, mutations } = new Campaign(1).run(count);
    assert.deepEqual(
      findings.map(({ case: { number, made }, error }) => `case ${number} (${made}): ${String(error)}`),
      [],
    );
    assert.equal(cases, count);
    // Some damage is harmless, most is not; both show that the cases are neither too tame nor too wild.
    assert.ok(compiled > count / 50 && compiled < count / 2, `${compiled} of ${count} compiled`);
    assert.ok(codes.size >= 15, [...codes.keys()].join(', '));
    assert.ok(mutations.size >= 13, [...mutations.keys()].join(', '));
  });
});
