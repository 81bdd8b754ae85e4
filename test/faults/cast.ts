/**
 * @file Everybody in a campaign: servers, lines to the store, workers. All of them end with it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { S3Store } from '../../artifacts/s3-store.js';
import { damage } from './damage.js';
import { allWorkers, type WorkerName } from './kinds/kind.js';
import type { Ledger } from './ledger.js';
import type { Strikes } from './strikes.js';
import { startServers } from './servers.js';
import { SpotWorker, type WorkerWatch } from './spot-worker.js';
import { StoreLine } from './store-line.js';
import type { World } from './world.js';

export interface Cast {
  readonly world: World;
  readonly client: Client;
  /** Straight to the store, with more patience than any fault lasts. */
  readonly store: S3Store;
  readonly folder: string;
  stop(): Promise<void>;
}

/** Starts everybody. What happens goes to the ledger, the strikes and `gone`. */
export async function startCast(ledger: Ledger, strikes: Strikes, gone: WorkerWatch['gone']): Promise<Cast> {
  const folder = await mkdtemp(join(tmpdir(), 'distillery-faults-'));
  const { connection, temporal, store: s3 } = await startServers(folder);
  const store = new S3Store({
    endpoint: connection.s3.endpoint,
    bucket: connection.s3.bucket,
    accessKeyId: connection.s3.accessKey,
    secretAccessKey: connection.s3.secretKey,
    patienceMs: 600_000,
  });
  const watch: WorkerWatch = {
    event(worker, event) {
      if (event.type === 'task') ledger.task(worker, event);
    },
    gone(worker, unasked) {
      ledger.lost(worker);
      strikes.gone(worker);
      gone(worker, unasked);
    },
  };
  const lines = byName(
    (name) =>
      new StoreLine({
        written: (key, sequence) => ledger.written(name, key, sequence),
        read: (key, sequence) => ledger.read(name, key, sequence),
        answered: (request) => strikes.answered(request, ledger.now()),
      }),
  );
  const endpoints = new Map<WorkerName, string>();
  for (const name of allWorkers) endpoints.set(name, await lines[name].open(connection.s3.endpoint));
  const workers = byName((name) => {
    const endpoint = endpoints.get(name) ?? '';
    return new SpotWorker(name, { ...connection, s3: { ...connection.s3, endpoint } }, watch);
  });
  const client = new Client({
    connection: await Connection.connect({ address: connection.temporalAddress }),
  });
  return {
    world: {
      workers,
      lines,
      servers: { temporal, store: s3 },
      ledger,
      async damage(key, way) {
        if ((await damage(store, key, way)) && way !== 'remove') ledger.spoiled(key);
      },
    },
    client,
    store,
    folder,
    async stop() {
      await Promise.all(allWorkers.map((name) => workers[name].close()));
      await Promise.all(allWorkers.map((name) => lines[name].close()));
      store.close();
      await client.connection.close();
      await Promise.all([temporal.kill(), s3.kill()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function byName<T>(make: (name: WorkerName) => T): Record<WorkerName, T> {
  return { 'compute-1': make('compute-1'), 'compute-2': make('compute-2'), pipeline: make('pipeline') };
}
