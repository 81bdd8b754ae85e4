/**
 * @file Does the faults of a schedule, one after the other in relation to the work's progress, while others
 * may still last.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { faultKinds } from './kinds/index.js';
import type { FaultKind, PlannedFault, SpoiledRequest, Target } from './kinds/kind.js';
import type { Signs } from './signs.js';
import type { Strike, Strikes } from './strikes.js';
import type { World } from './world.js';

/** Work that has not gone on for so long gets its next fault all the same. */
const longestWaitMs = 60_000;

export interface Striking {
  readonly world: World;
  readonly strikes: Strikes;
  readonly signs: Signs;
  readonly now: () => number;
  readonly faults: Iterable<PlannedFault>;
  /** Ends after so many that bit. */
  readonly most: number;
  /** Ends the campaign's faults; those that last are waited for. */
  readonly enough: AbortSignal;
}

/** @throws what a fault throws that cannot be done */
export async function strikeAll({
  world,
  strikes,
  signs,
  now,
  faults,
  most,
  enough,
}: Striking): Promise<void> {
  const lasting = new Map<Target, Promise<void>>();
  const failures: unknown[] = [];
  for (const fault of faults) {
    await signs.after(fault.afterSigns, longestWaitMs, enough);
    await delay(fault.afterSeconds * 1000, undefined, { signal: enough }).catch(() => undefined);
    // Nobody is struck twice at the same time.
    await lasting.get(fault.target);
    if (enough.aborted || strikes.all.length >= most) break;
    const kind = kindOf(fault);
    let strike: Strike | undefined;
    const bites = (spoiled?: SpoiledRequest): void => {
      const unit = kind.interrupts === true ? world.ledger.current(fault.target) : undefined;
      strike = { fault, at: now(), stopped: unit === undefined ? spoiled : { unit } };
      strikes.all.push(strike);
    };
    const done = kind
      .strike(world, fault, bites)
      .catch((error: unknown) => void failures.push(error))
      .then(() => {
        if (strike !== undefined) strike.overAt = now();
        if (lasting.get(fault.target) === done) lasting.delete(fault.target);
      });
    lasting.set(fault.target, done);
  }
  await Promise.all(lasting.values());
  if (failures.length > 0) throw failures[0];
}

function kindOf({ kind }: PlannedFault): FaultKind {
  const found = faultKinds.find((known) => known.kind === kind);
  if (found === undefined) throw new Error(`no such kind of fault: ${kind}`);
  return found;
}
