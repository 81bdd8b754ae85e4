/**
 * @file The environment variables by which every part of distillery finds Temporal and the store.
 */
import { DistilleryError } from '../errors/errors.js';
import type { S3Connection } from './s3.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** How to reach both servers. */
export interface ServerConnection {
  /** `host:port`. */
  readonly temporalAddress: string;
  readonly namespace: string;
  /** Temporal's web UI, if it has one that we know of. */
  readonly uiUrl: string | undefined;
  readonly s3: S3Connection;
}

/** The variables to give to workers and other child processes. Contains the secret key. */
export function connectionEnvironment(connection: ServerConnection): Record<string, string> {
  return {
    TEMPORAL_ADDRESS: connection.temporalAddress,
    TEMPORAL_NAMESPACE: connection.namespace,
    S3_ENDPOINT: connection.s3.endpoint,
    S3_BUCKET: connection.s3.bucket,
    S3_REGION: connection.s3.region,
    AWS_ACCESS_KEY_ID: connection.s3.accessKey,
    AWS_SECRET_ACCESS_KEY: connection.s3.secretKey,
  };
}

/**
 * The user's own store from the environment. `S3_BUCKET` defaults to `distillery`, `S3_REGION` to
 * `us-east-1`. Throws `StoreRefused` when there is an endpoint without credentials.
 */
export function s3FromEnvironment(environment: Environment = process.env): S3Connection | undefined {
  const endpoint = environment['S3_ENDPOINT'];
  if (endpoint === undefined || endpoint === '') return undefined;
  const accessKey = environment['AWS_ACCESS_KEY_ID'];
  const secretKey = environment['AWS_SECRET_ACCESS_KEY'];
  if (accessKey === undefined || secretKey === undefined) {
    throw new DistilleryError(
      'StoreRefused',
      `S3_ENDPOINT is ${endpoint} but there are no credentials for it; set AWS_ACCESS_KEY_ID and ` +
        'AWS_SECRET_ACCESS_KEY',
    );
  }
  return {
    endpoint: endpoint.includes('://') ? endpoint : `http://${endpoint}`,
    bucket: environment['S3_BUCKET'] ?? 'distillery',
    region: environment['S3_REGION'] ?? 'us-east-1',
    accessKey,
    secretKey,
  };
}
