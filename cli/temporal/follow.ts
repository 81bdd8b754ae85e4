/**
 * @file Watches a run until it ends.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Client } from '@temporalio/client';

import { DistilleryError } from '../../errors/errors.js';
import type { RunDisplay } from '../status/display.js';
import { EtaEstimator } from '../status/eta.js';
import type { RunView } from '../status/view.js';
import { collectRun } from './collect.js';

const intervalMs = 1_000;

export interface FollowOptions {
  /** Stops watching (not the run); the last picture is returned. */
  readonly signal?: AbortSignal;
}

/**
 * Shows a run about once a second until it has ended or the signal fires. A server that does not answer
 * for a while is waited for: the run goes on without being watched.
 */
export async function followRun(
  client: Client,
  workflowId: string,
  display: RunDisplay,
  { signal }: FollowOptions = {},
): Promise<RunView | undefined> {
  const estimator = new EtaEstimator();
  let last: RunView | undefined;
  let lost = false;
  try {
    while (signal?.aborted !== true) {
      try {
        const now = Date.now();
        last = await collectRun(client, workflowId, (stage, fraction) =>
          estimator.observe(stage, fraction, now),
        );
        if (lost) display.event('temporal', 'answers again');
        lost = false;
        display.show(last, Date.now());
        if (ended(last)) return last;
      } catch (error) {
        if (error instanceof DistilleryError) throw error;
        if (!lost) display.event('temporal', 'does not answer, waiting for it');
        lost = true;
      }
      await sleep(intervalMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    }
    return last;
  } finally {
    display.end();
  }
}

export function ended(run: RunView): boolean {
  return run.state === 'finished' || run.state === 'failed' || run.state === 'cancelled';
}
