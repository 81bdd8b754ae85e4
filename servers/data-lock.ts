/**
 * @file One server at a time on a folder of data. The lock is the supervisor's, who stays as long as its
 * server: after kill -9 of distillery a server takes seconds to close its files, with its port free by then.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DistilleryError } from '../errors/errors.js';
import { tryLock } from '../setup/lock.js';

/** More than the longest grace time that a server is given to end. */
const patienceMs = 30_000;

/** The lock file of a folder of data, beside it: the servers do not like foreign files. */
export function dataLock(dataDir: string): string {
  return `${dataDir}.lock`;
}

/** Returns when the last server on this data has ended. Throws `ServerUnavailable` after 30 s. */
export async function lastServerEnded(dataDir: string): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const lock = tryLock(dataLock(dataDir));
    if ('release' in lock) {
      lock.release();
      return;
    }
    if (performance.now() > deadline) {
      throw new DistilleryError(
        'ServerUnavailable',
        `another server still runs on ${dataDir}, under process ${lock.pid}; end that process first`,
      );
    }
    await sleep(100);
  }
}
