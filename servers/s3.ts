/**
 * @file An S3 server on loopback: MinIO (or its fork silo), or SeaweedFS.
 */
import { mkdirSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Client } from 'minio';
import type { S3Credentials } from './credentials.js';
import { dataLock, lastServerEnded } from './data-lock.js';
import { startProcess, type ServerExit } from './process.js';
import { freePorts, isFree, requireFree } from './ports.js';
import { PortTakenError, waitUntilReady, withFreshPorts } from './readiness.js';

export interface S3Options {
  readonly binary: string;
  readonly flavour: 'minio' | 'seaweedfs';
  /** Holds the objects; created. */
  readonly dataDir: string;
  readonly log: string;
  readonly credentials: S3Credentials;
  /** Created if it is not there. */
  readonly bucket: string;
  /** Fixed port; a free one otherwise. */
  readonly port?: number;
  /** Removes the data with the server. Default false. */
  readonly ephemeral?: boolean;
  /** A folder to remove, after the server, should this process die without stopping it. */
  readonly scratch?: string;
}

/** How to reach a bucket. */
export interface S3Connection extends S3Credentials {
  /** `http://host:port`. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
}

/** An S3 server of ours. */
export interface RunningS3 extends S3Connection {
  readonly pid: number;
  readonly exited: Promise<ServerExit>;
  stop(): Promise<void>;
}

/** What both servers call their only region. */
const embeddedRegion = 'us-east-1';

/** Starts the server and returns when objects can be put and got. Throws `ServerUnavailable`. */
export async function startS3(options: S3Options): Promise<RunningS3> {
  mkdirSync(options.dataDir, { recursive: true });
  await lastServerEnded(options.dataDir);
  if (options.port !== undefined) await requireFree(options.port, 'the S3 store', 'DISTILLERY_S3_PORT');
  return withFreshPorts(options.port !== undefined, () => start(options));
}

async function start(options: S3Options): Promise<RunningS3> {
  const port = options.port ?? (await freePorts(1))[0] ?? 0;
  const { args, env } = options.flavour === 'minio' ? minio(options, port) : await seaweed(options, port);
  const server = await startProcess({
    file: options.binary,
    args,
    env,
    cwd: options.dataDir,
    log: options.log,
    lock: dataLock(options.dataDir),
    // SeaweedFS takes up to 15 s to close its volumes.
    graceMs: 20_000,
    ...(options.ephemeral === true ? { removeOnExit: options.dataDir } : {}),
    ...(options.scratch === undefined ? {} : { removeIfOrphaned: options.scratch }),
  });
  const connection: S3Connection = {
    endpoint: `http://127.0.0.1:${port}`,
    bucket: options.bucket,
    region: embeddedRegion,
    accessKey: options.credentials.accessKey,
    secretKey: options.credentials.secretKey,
  };
  await waitUntilReady({
    name: 'the S3 store',
    process: server,
    log: options.log,
    probe: () => probeS3(connection),
    timeoutMs: 60_000,
    dataDir: options.dataDir,
  });
  return { ...connection, pid: server.pid, exited: server.exited, stop: () => server.stop() };
}

interface Invocation {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

function minio(options: S3Options, port: number): Invocation {
  return {
    args: ['server', '--quiet', '--address', `127.0.0.1:${port}`, options.dataDir],
    env: {
      MINIO_ROOT_USER: options.credentials.accessKey,
      MINIO_ROOT_PASSWORD: options.credentials.secretKey,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
    },
  };
}

async function seaweed(options: S3Options, port: number): Promise<Invocation> {
  const [s3Grpc, master, masterGrpc, volume, volumeGrpc, filer, filerGrpc, admin] = (await freePorts(8)) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  // A part of it calls the admin server at this offset, whatever its flag says.
  if (!(await isFree(admin + 10_000))) throw new PortTakenError(`port ${admin + 10_000} is in use`);
  const ports = {
    's3.port': port,
    's3.port.grpc': s3Grpc,
    's3.port.iceberg': 0,
    's3.port.lance': 0,
    'master.port': master,
    'master.port.grpc': masterGrpc,
    'volume.port': volume,
    'volume.port.grpc': volumeGrpc,
    'filer.port': filer,
    'filer.port.grpc': filerGrpc,
    'admin.port': admin,
    'admin.port.grpc': admin + 10_000,
  };
  return {
    args: [
      // Otherwise it keeps unbounded logs in the shared temporary folder.
      '-logtostderr=true',
      'mini',
      `-dir=${options.dataDir}`,
      '-ip=127.0.0.1',
      '-ip.bind=127.0.0.1',
      '-master.telemetry=false',
      '-webdav=false',
      '-admin.ui=false',
      '-s3.autoCreateBucket=false',
      ...sockets(options.dataDir),
      ...Object.entries(ports).map(([name, value]) => `-${name}=${value}`),
    ],
    env: {
      AWS_ACCESS_KEY_ID: options.credentials.accessKey,
      AWS_SECRET_ACCESS_KEY: options.credentials.secretKey,
    },
  };
}

/** Keeps its socket files out of the shared temporary folder where the path is short enough for one. */
function sockets(dataDir: string): string[] {
  const s3 = join(dataDir, 's3.sock');
  const filer = join(dataDir, 'filer.sock');
  return filer.length < 100 ? [`-s3.localSocket=${s3}`, `-filer.localSocket=${filer}`] : [];
}

/** A client for a bucket's server. */
export function s3Client(connection: S3Connection): Client {
  const url = new URL(connection.endpoint);
  return new Client({
    endPoint: url.hostname,
    port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
    useSSL: url.protocol === 'https:',
    accessKey: connection.accessKey,
    secretKey: connection.secretKey,
    region: connection.region,
    // Whoever asks again says so in words of its own.
    retryOptions: { disableRetry: true },
  });
}

/** Makes the bucket if need be, puts an object and gets it back. */
export async function probeS3(connection: S3Connection): Promise<void> {
  const client = s3Client(connection);
  const { bucket, region } = connection;
  if (!(await client.bucketExists(bucket))) await client.makeBucket(bucket, region);
  const key = `probe/${randomUUID()}`;
  await client.putObject(bucket, key, Buffer.from(key));
  let text = '';
  for await (const chunk of await client.getObject(bucket, key)) text += String(chunk);
  await client.removeObject(bucket, key);
  if (text !== key) throw new Error('an object came back changed');
}
