/**
 * @file Waiting for a server to be of use, and what to say when it never is.
 */
import { statfsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { DistilleryError } from '../errors/errors.js';
import { logTail, type ServerProcess } from './process.js';

/** What is being waited for. */
export interface Readiness {
  readonly name: string;
  readonly process: ServerProcess;
  readonly log: string;
  /** Resolves when the server does real work; rejects or hangs otherwise. */
  readonly probe: () => Promise<void>;
  readonly timeoutMs: number;
  /** The folder of its data; a disk without room explains much that logs do not. */
  readonly dataDir: string;
}

/** With less room than this it is worth a word. */
const littleRoom = 2 ** 30;

/** Two servers chose the same port at the same time: another try with other ports will do. */
export class PortTakenError extends Error {}

/**
 * Resolves once the probe succeeds. Throws `PortTakenError` when the server says that its port is taken,
 * `ServerUnavailable` with the end of its log when it ends or does not get ready in time. Stops it then.
 */
export async function waitUntilReady(readiness: Readiness): Promise<void> {
  const { name, process: server, log, timeoutMs } = readiness;
  let exit: string | undefined;
  void server.exited.then(({ code, signal }) => (exit = signal ?? `status ${String(code)}`));
  const deadline = performance.now() + timeoutMs;
  let reason = 'no answer';
  for (let pause = 50; ; pause = Math.min(pause * 1.5, 500)) {
    if (exit !== undefined) break;
    if (performance.now() > deadline) break;
    try {
      await within(readiness.probe(), 3_000);
      return;
    } catch (error) {
      reason = (error as Error).message;
    }
    await sleep(pause);
  }
  // What it says of being stopped explains nothing.
  const tail = logTail(log);
  const ended = exit;
  await server.stop();
  if (/address already in use|port.*(?:in use|not available|unavailable)/i.test(tail)) {
    throw new PortTakenError(tail);
  }
  throw new DistilleryError(
    'ServerUnavailable',
    (ended === undefined
      ? `${name} was not ready after ${Math.round(timeoutMs / 1000)} s (${reason})`
      : `${name} ended at once (${ended})`) +
      `${roomLeft(readiness.dataDir)}; its log ${log} ends with:\n${tail}`,
  );
}

function roomLeft(folder: string): string {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  return free < littleRoom ? `; the disk of ${folder} has only ${Math.floor(free / 1e6)} MB left` : '';
}

async function within(work: Promise<void>, milliseconds: number): Promise<void> {
  const late = new AbortController();
  try {
    await Promise.race([
      work,
      sleep(milliseconds, undefined, { signal: late.signal }).then(() => {
        throw new Error(`no answer within ${milliseconds} ms`);
      }),
    ]);
  } finally {
    late.abort();
    // The loser of the race may still reject.
    work.catch(() => undefined);
  }
}

/** Tries again with other ports when the chosen ones were taken in between. */
export async function withFreshPorts<T>(fixed: boolean, start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof PortTakenError)) throw error;
      if (fixed || attempt >= 5) {
        throw new DistilleryError('ServerUnavailable', `a port is in use: ${error.message}`, {
          cause: error,
        });
      }
    }
  }
}
