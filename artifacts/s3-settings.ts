/**
 * @file Where the store is and who we are there, from the environment or from files.
 */
import { readFile } from 'node:fs/promises';
import { parseDuration } from '../definition/duration.js';
import { DistilleryError } from '../errors/errors.js';

export interface StoreSettings {
  /** URL of the S3 endpoint without a path, e.g. `http://127.0.0.1:9000`. */
  readonly endpoint: string;
  /** Default `distillery`. */
  readonly bucket?: string;
  /** Default `us-east-1`. */
  readonly region?: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** A request without any bytes moving for so long is given up. Default 30,000 ms. */
  readonly silenceMs?: number;
  /** Longest a single request may take, moving or not. Default 300,000 ms. */
  readonly attemptMs?: number;
  /** How long a call keeps trying after its first passing failure. Default 600,000 ms. */
  readonly patienceMs?: number;
  /** Ends all requests and waits when it fires; calls then reject with its reason. */
  readonly signal?: AbortSignal;
}

/** For people who wait in front of a terminal, with nothing to lose. */
export const shortPatienceMs = 5_000;

export const defaultBucket = 'distillery';
export const defaultRegion = 'us-east-1';

/**
 * Settings from S3_ENDPOINT, S3_BUCKET, S3_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
 * AWS_SESSION_TOKEN; the last three also as NAME_FILE, the path of a file that holds the value. The patience is
 * DISTILLERY_STORE_PATIENCE, a duration.
 * @throws DistilleryError `StoreRefused` naming the variable that is missing or cannot be read.
 */
export async function storeSettings(environment: NodeJS.ProcessEnv): Promise<StoreSettings> {
  const endpoint = environment['S3_ENDPOINT'];
  if (endpoint === undefined || endpoint === '') {
    throw refused(
      'S3_ENDPOINT is not set: give the address of the store, for example http://127.0.0.1:9000.',
    );
  }
  const sessionToken = await secret(environment, 'AWS_SESSION_TOKEN');
  const patienceMs = patience(environment['DISTILLERY_STORE_PATIENCE']);
  return {
    endpoint,
    bucket: environment['S3_BUCKET'] || defaultBucket,
    region: environment['S3_REGION'] || defaultRegion,
    accessKeyId: await required(environment, 'AWS_ACCESS_KEY_ID'),
    secretAccessKey: await required(environment, 'AWS_SECRET_ACCESS_KEY'),
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(patienceMs === undefined ? {} : { patienceMs }),
  };
}

function patience(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const seconds = parseDuration(text);
  if (seconds === undefined)
    throw refused(`DISTILLERY_STORE_PATIENCE ${text}: give a duration such as 30s, 10m or 2h.`);
  return seconds * 1000;
}

/** The endpoint's parts as the minio client takes them. */
export function parseEndpoint(endpoint: string): { host: string; port?: number; tls: boolean } {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw refused('S3_ENDPOINT is not an http:// or https:// address, for example http://127.0.0.1:9000.');
  }
  if (url.username !== '' || url.password !== '') {
    throw refused('S3_ENDPOINT holds credentials: give them as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.');
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw refused(
      `S3_ENDPOINT must be an address without a path: ${url.origin}. The bucket goes to S3_BUCKET.`,
    );
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { host, ...(url.port === '' ? {} : { port: Number(url.port) }), tls: url.protocol === 'https:' };
}

async function required(environment: NodeJS.ProcessEnv, name: string): Promise<string> {
  const value = await secret(environment, name);
  if (value === undefined) {
    throw refused(`${name} is not set: set it, or ${name}_FILE to the path of a file that holds it.`);
  }
  return value;
}

async function secret(environment: NodeJS.ProcessEnv, name: string): Promise<string | undefined> {
  const value = environment[name];
  if (value !== undefined && value !== '') return value;
  const path = environment[`${name}_FILE`];
  if (path === undefined || path === '') return undefined;
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw refused(`${name}_FILE: cannot read ${path} (${reason}). Check the path and its rights.`);
  }
}

function refused(message: string): DistilleryError {
  return new DistilleryError('StoreRefused', message);
}
