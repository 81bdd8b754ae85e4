/**
 * @file On whose behalf the store is asked: what ends a request, how long it may be tried again, and who hears
 * that it waits. It follows the asynchronous calls of the work, so that what stays warm between two pieces of
 * work always asks on behalf of the one that uses it now.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface StoreWork {
  /** Ends requests and waits at once; calls then reject with its reason. */
  readonly signal?: AbortSignal;
  /**
   * Told why a call takes long, for example `the store: ECONNREFUSED (waited 12 s), at http://s3:9000/distillery`: at
   * each failed attempt and every two seconds. Undefined once the store has answered.
   */
  readonly onWait?: (reason: string | undefined) => void;
  /** In place of the store's own setting, in ms. */
  readonly patienceMs?: number;
  /** In place of the store's own setting, in ms. */
  readonly silenceMs?: number;
}

const current = new AsyncLocalStorage<StoreWork>();

/** Runs `body` on behalf of a piece of work; what is left out stays as it is around it. */
export function onBehalfOf<T>(work: StoreWork, body: () => T): T {
  return current.run({ ...current.getStore(), ...work }, body);
}

/** The work on whose behalf the caller runs. */
export function storeWork(): StoreWork {
  return current.getStore() ?? {};
}
