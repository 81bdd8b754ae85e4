/**
 * @file Real S3 servers for contract tests, on loopback with generated credentials and a folder of their own.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { S3Store } from '../../artifacts/s3-store.js';
import type { StoreSettings } from '../../artifacts/s3-settings.js';

export interface RunningServer {
  readonly settings: StoreSettings;
  stop(): Promise<void>;
}

/** Path of an executable on PATH or in DISTILLERY_HOME/bin, or undefined. */
export function findExecutable(name: string): string | undefined {
  const home = process.env['DISTILLERY_HOME'] ?? join(homedir(), '.cache', 'distillery');
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), join(home, 'bin')];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** MinIO itself. */
export async function startMinio(executable: string): Promise<RunningServer> {
  const [api, console] = await freePorts(2);
  const credentials = newCredentials();
  return start(`http://127.0.0.1:${api}`, credentials, (folder) =>
    spawn(
      executable,
      [
        'server',
        folder,
        '--address',
        `127.0.0.1:${api}`,
        '--console-address',
        `127.0.0.1:${console}`,
        '--quiet',
      ],
      {
        stdio: 'ignore',
        env: {
          ...process.env,
          HOME: folder,
          MINIO_ROOT_USER: credentials.accessKeyId,
          MINIO_ROOT_PASSWORD: credentials.secretAccessKey,
          MINIO_BROWSER: 'off',
          MINIO_UPDATE: 'off',
        },
      },
    ),
  );
}

/** SeaweedFS, the server that distillery brings along. */
export async function startWeed(executable: string): Promise<RunningServer> {
  const names = ['s3', 'master', 'volume', 'filer', 'admin'];
  const plain = await freePorts(names.length);
  const grpc = await freePorts(names.length);
  const ports = names.flatMap((name, i) => [`-${name}.port=${plain[i]}`, `-${name}.port.grpc=${grpc[i]}`]);
  const credentials = newCredentials();
  return start(`http://127.0.0.1:${plain[0]}`, credentials, (folder) =>
    spawn(
      executable,
      [
        'mini',
        `-dir=${folder}`,
        '-ip=127.0.0.1',
        '-ip.bind=127.0.0.1',
        ...ports,
        '-master.telemetry=false',
        '-webdav=false',
        '-admin.ui=false',
        '-s3.port.iceberg=0',
        '-s3.port.lance=0',
        '-s3.autoCreateBucket=false',
      ],
      {
        stdio: 'ignore',
        cwd: folder,
        env: {
          ...process.env,
          AWS_ACCESS_KEY_ID: credentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        },
      },
    ),
  );
}

async function start(
  endpoint: string,
  credentials: Pick<StoreSettings, 'accessKeyId' | 'secretAccessKey'>,
  launch: (folder: string) => ChildProcess,
): Promise<RunningServer> {
  const folder = await mkdtemp(join(tmpdir(), 'distillery-s3-'));
  const server = launch(folder);
  const ended = new Promise<void>((resolve) => {
    server.once('exit', () => resolve());
    server.once('error', () => resolve());
  });
  const stop = async (): Promise<void> => {
    // Nothing is to be kept, so nothing needs an orderly end.
    server.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const settings = { endpoint, ...credentials, bucket: 'distillery-test' };
  const store = new S3Store({ ...settings, patienceMs: 0 });
  for (let tries = 0; ; tries += 1) {
    try {
      await store.check({ createBucket: true });
      store.close();
      return { settings, stop };
    } catch (error) {
      if (server.exitCode !== null || tries > 240) {
        await stop();
        throw error;
      }
      await wait(250);
    }
  }
}

function newCredentials(): { accessKeyId: string; secretAccessKey: string } {
  return {
    accessKeyId: `test${randomBytes(6).toString('hex')}`,
    secretAccessKey: randomBytes(20).toString('hex'),
  };
}

/** Ports that were free a moment ago, all different, below those that outgoing connections take. */
async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = 10_000 + (randomBytes(2).readUInt16LE() % 20_000);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
