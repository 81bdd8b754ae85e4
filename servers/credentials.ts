/**
 * @file The keys of the embedded S3 server: random, kept in a file that only the user can read.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DistilleryError } from '../errors/errors.js';

export interface S3Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** A fresh pair. */
export function generateCredentials(): S3Credentials {
  return {
    accessKey: `distillery${randomBytes(5).toString('hex')}`,
    secretKey: randomBytes(30).toString('base64url'),
  };
}

/** The pair in a file, made on first use with mode 0600. */
export function keptCredentials(path: string): S3Credentials {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(generateCredentials(), null, 1), { mode: 0o600 });
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  chmodSync(path, 0o600);
  const kept = JSON.parse(readFileSync(path, 'utf8')) as Partial<S3Credentials>;
  if (typeof kept.accessKey !== 'string' || typeof kept.secretKey !== 'string') {
    throw new DistilleryError(
      'ServerUnavailable',
      `the credentials file ${path} is damaged; delete it to have new ones made`,
    );
  }
  return { accessKey: kept.accessKey, secretKey: kept.secretKey };
}
