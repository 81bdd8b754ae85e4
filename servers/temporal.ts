/**
 * @file A Temporal development server on loopback.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { dataLock, lastServerEnded } from './data-lock.js';
import { startProcess, type ServerExit } from './process.js';
import { freePorts, isFree, requireFree } from './ports.js';
import { waitUntilReady, withFreshPorts } from './readiness.js';

export interface TemporalOptions {
  /** The `temporal` command. */
  readonly binary: string;
  /** Holds the database; created. The same folder again continues where it left off. */
  readonly dataDir: string;
  /** Where its output goes. */
  readonly log: string;
  /** Fixed port; a free one otherwise. */
  readonly port?: number;
  /** `false` for none. A number is a wish: another port is taken if that one is in use. Default false. */
  readonly ui?: number | false;
  /** Created besides `default`. */
  readonly namespace?: string;
  /** Removes the data with the server. Default false. */
  readonly ephemeral?: boolean;
  /** A folder to remove, after the server, should this process die without stopping it. */
  readonly scratch?: string;
}

/** A Temporal server of ours. */
export interface RunningTemporal {
  /** `127.0.0.1:port`. */
  readonly address: string;
  readonly uiUrl: string | undefined;
  readonly pid: number;
  readonly exited: Promise<ServerExit>;
  stop(): Promise<void>;
}

/** Starts the server and returns when it takes workflows. Throws `ServerUnavailable`. */
export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  mkdirSync(options.dataDir, { recursive: true });
  await lastServerEnded(options.dataDir);
  if (options.port !== undefined) await requireFree(options.port, 'Temporal', 'DISTILLERY_TEMPORAL_PORT');
  return withFreshPorts(options.port !== undefined, () => start(options));
}

async function start(options: TemporalOptions): Promise<RunningTemporal> {
  const [first, uiPort, httpPort, metricsPort] = (await freePorts(4)) as [number, number, number, number];
  const port = options.port ?? first;
  const ui = await uiPortFor(options.ui ?? false, uiPort);
  const namespace = options.namespace ?? 'default';
  const server = await startProcess({
    file: options.binary,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', `${port}`],
      ...['--http-port', `${httpPort}`, '--metrics-port', `${metricsPort}`],
      ...(ui === undefined ? ['--headless'] : ['--ui-port', `${ui}`, '--ui-disable-news-fetch']),
      ...(namespace === 'default' ? [] : ['--namespace', namespace]),
      ...['--db-filename', join(options.dataDir, 'temporal.db'), '--log-level', 'warn'],
      ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
      // The default of 20 polls a second is what an activity waits for most of its latency.
      ...['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=1000'],
      ...['--dynamic-config-value', 'frontend.WorkflowPauseEnabled=true'],
    ],
    cwd: options.dataDir,
    env: { TEMPORAL_DISABLE_UPDATE_CHECK: '1' },
    log: options.log,
    lock: dataLock(options.dataDir),
    graceMs: 10_000,
    ...(options.ephemeral === true ? { removeOnExit: options.dataDir } : {}),
    ...(options.scratch === undefined ? {} : { removeIfOrphaned: options.scratch }),
  });
  const address = `127.0.0.1:${port}`;
  await waitUntilReady({
    name: 'Temporal',
    process: server,
    log: options.log,
    probe: () => probeTemporal(address, namespace),
    timeoutMs: 60_000,
    dataDir: options.dataDir,
  });
  return {
    address,
    uiUrl: ui === undefined ? undefined : `http://127.0.0.1:${ui}`,
    pid: server.pid,
    exited: server.exited,
    stop: () => server.stop(),
  };
}

async function uiPortFor(wish: number | false, spare: number): Promise<number | undefined> {
  if (wish === false) return undefined;
  return wish > 0 && (await isFree(wish)) ? wish : spare;
}

/** Connects and asks for a namespace: resolves only when the server can take workflows there. */
export async function probeTemporal(address: string, namespace = 'default'): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: 2_000 });
  try {
    await connection.workflowService.describeNamespace({ namespace });
  } finally {
    await connection.close();
  }
}
