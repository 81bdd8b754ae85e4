/**
 * @file Trying again with growing, jittered waits, for as long as one is willing to.
 */
import { setTimeout as wait } from 'node:timers/promises';

export interface Patience {
  /** How long to keep trying after the first failure, in ms. */
  readonly patienceMs: number;
  /** Ends the waiting; its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Told of every failure that is followed by another attempt. */
  readonly onFailure?: (error: unknown) => void;
}

const firstWaitMs = 100;
const longestWaitMs = 10_000;

/**
 * The result of the first attempt that succeeds, or the error of the last one. An attempt begins only while
 * the patience lasts; at least one follows the first failure.
 */
export async function persist<T>(
  { patienceMs, signal, onFailure }: Patience,
  attempt: (number: number) => Promise<T>,
  isPassing: (error: unknown) => boolean,
): Promise<T> {
  let deadline: number | undefined;
  for (let number = 0; ; number += 1) {
    signal?.throwIfAborted();
    try {
      return await attempt(number);
    } catch (error) {
      signal?.throwIfAborted();
      const now = performance.now();
      if (!isPassing(error) || (deadline !== undefined && now >= deadline)) throw error;
      onFailure?.(error);
      deadline ??= now + patienceMs;
      const longest = Math.min(longestWaitMs, firstWaitMs * 2 ** number);
      const delay = Math.min(longest * (0.5 + Math.random() / 2), Math.max(0, deadline - now));
      await wait(delay, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted());
    }
  }
}
