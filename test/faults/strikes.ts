/**
 * @file The faults that were done, and when the work went on after each.
 */
import type { ProxiedRequest } from '../support/fault-proxy.js';
import type { PlannedFault, SpoiledRequest } from './kinds/kind.js';
import type { Sign } from './ledger.js';

export interface Strike {
  readonly fault: PlannedFault;
  /** Seconds of the campaign's clock. */
  readonly at: number;
  /** What it stopped: a unit, which has to begin again, or a request, which has to be made again. */
  stopped: { readonly unit: string } | SpoiledRequest | undefined;
  overAt?: number;
  recoveredAt?: number;
}

export class Strikes {
  readonly all: Strike[] = [];

  /**
   * A strike that stopped a unit is made up for when that unit begins again (or ends after all); one that
   * stopped nothing in particular when it is over and something goes on.
   */
  sign({ at, what, unit }: Sign): void {
    for (const strike of this.#open()) {
      const { stopped } = strike;
      const goesOn =
        stopped === undefined
          ? strike.overAt !== undefined
          : 'unit' in stopped && stopped.unit === unit && what !== 'stored';
      if (goesOn) strike.recoveredAt = at;
    }
  }

  /** A strike that spoiled a request is made up for when the same request gets its answer. */
  answered({ method, path }: ProxiedRequest, at: number): void {
    for (const strike of this.#open()) {
      const { stopped } = strike;
      if (stopped === undefined || !('request' in stopped)) continue;
      const { request } = stopped;
      if (request.method === method && request.path === path) strike.recoveredAt = at;
    }
  }

  /** A worker that is gone makes no request again: what it did goes on in other ways. */
  gone(worker: string): void {
    for (const strike of this.#open()) {
      const { stopped } = strike;
      if (stopped !== undefined && 'request' in stopped && stopped.worker === worker)
        strike.stopped = undefined;
    }
  }

  /** The strike that an attempt at work ended by: the last one before that was not against another worker. */
  causeOf(worker: string, endedAt: number): Strike | undefined {
    const before = this.all.filter(({ at }) => at <= endedAt + 0.001);
    return before.filter(({ fault }) => !isOther(fault.target, worker)).at(-1) ?? before.at(-1);
  }

  #open(): Strike[] {
    return this.all.filter(({ recoveredAt }) => recoveredAt === undefined);
  }
}

/** Whether a target is another worker. */
function isOther(target: string, worker: string): boolean {
  return target !== worker && (target.startsWith('compute-') || target === 'pipeline');
}
