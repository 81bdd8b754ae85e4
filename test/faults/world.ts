/**
 * @file What faults are done to: the processes of a campaign, and what is known of their work.
 */
import type { WorkerName } from './kinds/kind.js';
import type { Ledger } from './ledger.js';
import type { PersistentServer } from './servers.js';
import type { SpotWorker } from './spot-worker.js';
import type { StoreLine } from './store-line.js';

export interface World {
  readonly workers: Readonly<Record<WorkerName, SpotWorker>>;
  /** Each worker's own way to the store. */
  readonly lines: Readonly<Record<WorkerName, StoreLine>>;
  readonly servers: Readonly<Record<'temporal' | 'store', PersistentServer>>;
  readonly ledger: Ledger;
  /** Spoils a stored object: `flip` one bit, `cut` it short, or `remove` it. Waits for the store. */
  damage(key: string, way: string): Promise<void>;
}
