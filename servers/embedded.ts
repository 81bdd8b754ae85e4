/**
 * @file Temporal and an S3 store on this machine, for the demo, `distillery up` and the tests.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DistilleryError } from '../errors/errors.js';
import { distilleryHome, prepareHome } from '../setup/home.js';
import { tryLock, type Lock } from '../setup/lock.js';
import type { Say } from '../setup/say.js';
import { ensureS3 } from '../setup/s3.js';
import { ensureTemporal } from '../setup/temporal.js';
import { s3FromEnvironment, type ServerConnection } from './connection.js';
import { generateCredentials, keptCredentials } from './credentials.js';
import { startS3, type RunningS3, type S3Connection } from './s3.js';
import { startTemporal, type RunningTemporal } from './temporal.js';

type Environment = Readonly<Record<string, string | undefined>>;

export interface EmbeddedOptions {
  /** Cache folder; default `distilleryHome()`. */
  readonly home?: string;
  /** Temporal namespace, created if need be. Default `default`. */
  readonly namespace?: string;
  /** Default `distillery`. */
  readonly bucket?: string;
  /**
   * Data in a temporary folder that goes with the servers, ports chosen at run time, no UI, and the
   * user's own servers left alone. Any number of these run side by side. Default false.
   */
  readonly ephemeral?: boolean;
  /** Receives set-up lines and what was started. Default: nobody. */
  readonly say?: Say;
  /** Default `process.env`. */
  readonly environment?: Environment;
}

/** Both servers, ready. Those that were there before are not ours, and `stop` leaves them alone. */
export interface EmbeddedServers extends ServerConnection {
  /** Server processes that we started. */
  readonly pids: readonly number[];
  /** Resolves with the name of the first of our servers that ends, wanted or not. */
  readonly exited: Promise<string>;
  /** Stops ours; may be called again. */
  stop(): Promise<void>;
}

const userAddresses = ['TEMPORAL_ADDRESS', 'S3_ENDPOINT'];

/**
 * Starts what is missing of Temporal and S3. Not ephemeral: on the ports `DISTILLERY_TEMPORAL_PORT`
 * (7233), `DISTILLERY_UI_PORT` (8233, or a free one) and `DISTILLERY_S3_PORT` (9000), with databases under
 * the home, unless `TEMPORAL_ADDRESS` answers or `S3_ENDPOINT` is set. Throws `ServerUnavailable`.
 */
export async function startEmbedded(options: EmbeddedOptions = {}): Promise<EmbeddedServers> {
  const environment = options.environment ?? process.env;
  const home = options.home ?? distilleryHome(environment);
  return options.ephemeral === true
    ? startEphemeral(home, options, environment)
    : startPersistent(home, options, environment);
}

async function startEphemeral(
  home: string,
  options: EmbeddedOptions,
  environment: Environment,
): Promise<EmbeddedServers> {
  const own = Object.fromEntries(Object.entries(environment).filter(([key]) => !userAddresses.includes(key)));
  const folder = mkdtempSync(join(tmpdir(), 'distillery-'));
  const cleanUp = (): void => rmSync(folder, { recursive: true, force: true });
  return startBoth(home, { ...options, folder, logs: folder, environment: own, ephemeral: true, cleanUp });
}

async function startPersistent(
  home: string,
  options: EmbeddedOptions,
  environment: Environment,
): Promise<EmbeddedServers> {
  const { state } = prepareHome(home);
  const lock = stateLock(state);
  return startBoth(home, {
    ...options,
    folder: state,
    logs: join(state, 'logs'),
    environment,
    ephemeral: false,
    cleanUp: () => lock.release(),
  });
}

function stateLock(state: string): Lock {
  const lock = tryLock(join(state, 'servers.lock'));
  if ('release' in lock) return lock;
  throw new DistilleryError(
    'ServerUnavailable',
    `the servers of ${state} are already running, under process ${lock.pid} on ${lock.host}; ` +
      'use them, or end them with `distillery down`',
  );
}

interface Plan extends EmbeddedOptions {
  readonly folder: string;
  readonly logs: string;
  readonly environment: Environment;
  readonly ephemeral: boolean;
  /** Runs once, after everything has ended or failed to start. */
  readonly cleanUp: () => void;
}

async function startBoth(home: string, plan: Plan): Promise<EmbeddedServers> {
  const say = plan.say ?? ((): void => undefined);
  const started: (RunningTemporal | RunningS3)[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.stop()));
    plan.cleanUp();
  };
  try {
    mkdirSync(plan.logs, { recursive: true });
    const outcomes = await Promise.allSettled([
      temporal(home, plan, say, started),
      s3(home, plan, say, started),
    ]);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    const [first, second] = outcomes as [
      PromiseFulfilledResult<{ address: string; uiUrl: string | undefined }>,
      PromiseFulfilledResult<S3Connection>,
    ];
    return {
      temporalAddress: first.value.address,
      uiUrl: first.value.uiUrl,
      namespace: plan.namespace ?? 'default',
      s3: second.value,
      pids: started.map((server) => server.pid),
      exited: Promise.race(
        started.map((server) =>
          server.exited.then(() => ('address' in server ? 'Temporal' : 'the S3 store')),
        ),
      ),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function temporal(
  home: string,
  plan: Plan,
  say: Say,
  started: (RunningTemporal | RunningS3)[],
): Promise<{ address: string; uiUrl: string | undefined }> {
  const provision = await ensureTemporal(home, say, plan.environment);
  if (provision.kind === 'address') return { address: provision.address, uiUrl: undefined };
  const server = await startTemporal({
    binary: provision.path,
    dataDir: join(plan.folder, 'temporal'),
    log: join(plan.logs, 'temporal.log'),
    ephemeral: plan.ephemeral,
    ...(plan.ephemeral ? { scratch: plan.folder } : {}),
    ...(plan.namespace === undefined ? {} : { namespace: plan.namespace }),
    ...(plan.ephemeral
      ? {}
      : {
          port: portSetting(plan.environment, 'DISTILLERY_TEMPORAL_PORT', 7233),
          ui: portSetting(plan.environment, 'DISTILLERY_UI_PORT', 8233),
        }),
  });
  started.push(server);
  say(
    `Temporal is ready at ${server.address}${server.uiUrl === undefined ? '' : `, its UI at ${server.uiUrl}`}`,
  );
  return server;
}

async function s3(
  home: string,
  plan: Plan,
  say: Say,
  started: (RunningTemporal | RunningS3)[],
): Promise<S3Connection> {
  const provision = await ensureS3(home, say, plan.environment);
  const bucket = plan.bucket ?? plan.environment['S3_BUCKET'] ?? 'distillery';
  if (provision.kind === 'endpoint') {
    const own = s3FromEnvironment({ ...plan.environment, S3_BUCKET: bucket });
    if (own !== undefined) return own;
    throw new DistilleryError('StoreUnavailable', 'S3_ENDPOINT is empty');
  }
  const server = await startS3({
    binary: provision.path,
    flavour: provision.flavour,
    // The servers do not read each other's files.
    dataDir: join(plan.folder, provision.flavour),
    log: join(plan.logs, 's3.log'),
    credentials: plan.ephemeral
      ? generateCredentials()
      : keptCredentials(join(plan.folder, 's3-credentials.json')),
    bucket,
    ephemeral: plan.ephemeral,
    ...(plan.ephemeral ? { scratch: plan.folder } : {}),
    ...(plan.ephemeral ? {} : { port: portSetting(plan.environment, 'DISTILLERY_S3_PORT', 9000) }),
  });
  started.push(server);
  say(`the S3 store is ready at ${server.endpoint}, bucket ${server.bucket}`);
  const { endpoint, region, accessKey, secretKey } = server;
  return { endpoint, bucket, region, accessKey, secretKey };
}

function portSetting(environment: Environment, name: string, otherwise: number): number {
  const text = environment[name];
  if (text === undefined || text === '') return otherwise;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new DistilleryError('ServerUnavailable', `${name} is "${text}"; it must be a port from 1 to 65535`);
}
