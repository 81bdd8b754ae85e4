/**
 * @file Ends the process that a state file names, and waits until it is gone.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { DistilleryError } from '../../errors/errors.js';
import { isSameProcess } from './process-identity.js';
import type { ServicesState } from './state-file.js';

/**
 * Asks the process to stop what it runs and to end. Only a process that is still the one that wrote the
 * state gets the signal: ids are given out again.
 *
 * @param patienceMs how long the servers may take; S3 servers flush for up to 15 seconds
 */
export async function stopServices(state: ServicesState, patienceMs = 40_000): Promise<void> {
  const deadline = performance.now() + patienceMs;
  signal(state, 'SIGTERM');
  while (isSameProcess(state.pid, state.identity)) {
    if (performance.now() > deadline)
      throw new DistilleryError(
        'ServerUnavailable',
        `Process ${state.pid} (distillery ${state.command}) did not stop within ${patienceMs / 1000} s. ` +
          `Look at ${state.log ?? 'its terminal'}, or end it with \`kill -9 ${state.pid}\`.`,
      );
    await sleep(100);
  }
}

function signal(state: ServicesState, name: NodeJS.Signals): void {
  if (!isSameProcess(state.pid, state.identity)) return;
  try {
    process.kill(state.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
    throw new DistilleryError(
      'ServerUnavailable',
      `Process ${state.pid} (distillery ${state.command}) cannot be stopped: it belongs to another user.`,
      { cause: error },
    );
  }
}
