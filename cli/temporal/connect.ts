/**
 * @file A Temporal client from the environment, `temporal.toml` or a running `distillery up`.
 */
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';

import { DistilleryError } from '../../errors/errors.js';
import { answers } from '../../setup/temporal.js';
import type { Environment } from '../state/client-environment.js';

const defaultTemporalAddress = '127.0.0.1:7233';

export interface TemporalClient {
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
  close(): Promise<void>;
}

/** Connects, or throws `ServerUnavailable` that says what to start. */
export async function connectTemporal(environment: Environment): Promise<TemporalClient> {
  const set = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const config = loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(set) });
  const options = config.connectionOptions;
  const address = options.address ?? defaultTemporalAddress;
  const namespace = config.namespace ?? 'default';
  // gRPC keeps trying for seconds where nobody listens; on this machine that is known at once.
  if (/^(localhost|127\.|\[::1\])/.test(address) && !(await answers(address))) throw unreachable(address);
  let connection: Connection;
  try {
    connection = await Connection.connect({ ...options, address, connectTimeout: '5s' });
  } catch (cause) {
    throw unreachable(address, cause);
  }
  return {
    client: new Client({ connection, namespace }),
    address,
    namespace,
    close: () => connection.close(),
  };
}

function unreachable(address: string, cause?: unknown): DistilleryError {
  return new DistilleryError(
    'ServerUnavailable',
    `Temporal does not answer at ${address}. Start it with \`distillery up\`, or set TEMPORAL_ADDRESS to your own.`,
    { cause },
  );
}
