/**
 * @file The walk over a large plan: what begins when, within which limits, and what does not begin.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PlannedStage } from '../../definition/plan.js';
import { walkWhenReady } from '../../workflows/ready-walk.js';
import { Slots } from '../../workflows/slots.js';
import type { Ending } from '../../workflows/stage-walk.js';
import { experts } from './plans.js';

/** Stages by id, with what each needs. */
function stagesOf(needs: Readonly<Record<string, readonly string[]>>): PlannedStage[] {
  return Object.entries(needs).map(([id, list]) => experts({ id, needs: list }));
}

/** Ends stages one after the other, in the order in which they began, as told. */
async function walk(
  stages: readonly PlannedStage[],
  { imported = [], failing = [] }: Partial<Record<'imported' | 'failing', string[]>>,
): Promise<{ said: string[]; most: number }> {
  const said: string[] = [];
  const slots = new Slots(2);
  let [running, most] = [0, 0];
  await walkWhenReady(stages, imported, {
    endWithout: ({ id }, _, endings): Ending | undefined => {
      if (endings.every((ending) => ending === 'result')) return undefined;
      said.push(`${id} skipped`);
      return 'missing';
    },
    slotsOf: () => [slots],
    async runStage({ id }, taken): Promise<Ending> {
      said.push(id);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      for (const one of taken) one.giveBack();
      return failing.includes(id) ? 'missing' : 'result';
    },
  });
  return { said, most };
}

describe('walking when ready', () => {
  it('begins each stage once after all that it needs, in the order of the plan, within its slots', async () => {
    const plan = stagesOf({ a: [], b: [], c: [], d: ['a', 'c'], e: ['d', 'elsewhere'], f: ['b'] });
    const { said, most } = await walk(plan, { imported: ['elsewhere'] });
    assert.deepEqual(said, ['a', 'b', 'c', 'f', 'd', 'e']);
    assert.equal(most, 2);
  });

  it('ends what lacks something, and goes on with the rest', async () => {
    const plan = stagesOf({ a: [], b: ['a'], c: ['b'], d: [], e: ['d'], f: ['c', 'e'] });
    const { said } = await walk(plan, { failing: ['a'] });
    assert.deepEqual(said, ['a', 'd', 'b skipped', 'c skipped', 'e', 'f skipped']);
  });

  it('walks chains of thousands, and rejects with what a stage throws', async () => {
    const long = Object.fromEntries(
      Array.from({ length: 3000 }, (_, index) => [`s${index}`, index === 0 ? [] : [`s${index - 1}`]]),
    );
    assert.equal((await walk(stagesOf(long), { failing: ['s0'] })).said.length, 3000);
    const walker = {
      endWithout: () => undefined,
      slotsOf: () => [],
      runStage: () => Promise.reject(new Error('a fault')),
    };
    await assert.rejects(walkWhenReady(stagesOf({ a: [] }), [], walker), /a fault/);
  });

  it('ends at once where there is nothing', async () => {
    assert.deepEqual((await walk([], { imported: ['x'] })).said, []);
  });
});
