/**
 * @file A Temporal client from the environment, `temporal.toml` or a running `distillery up`.
 */
import { Client, Connection } from '@temporalio/client';

import { withCodec } from '../../codec/data-converter.js';
import { codecKeysFrom } from '../../codec/keys.js';
import { answers } from '../../setup/temporal.js';
import { temporalSettings, unreachable } from '../../worker/temporal-settings.js';
import type { Environment } from '../state/client-environment.js';

export interface TemporalClient {
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
  close(): Promise<void>;
}

/** Connects, or throws `ServerUnavailable` that says what to start. */
export async function connectTemporal(environment: Environment): Promise<TemporalClient> {
  const dataConverter = withCodec(undefined, codecKeysFrom(environment));
  const settings = temporalSettings(environment);
  const { address, namespace, options } = settings;
  // gRPC keeps trying for seconds where nobody listens; on this machine that is known at once.
  if (/^(localhost|127\.|\[::1\])/.test(address) && !(await answers(address))) throw unreachable(settings);
  let connection: Connection;
  try {
    connection = await Connection.connect({ ...options, connectTimeout: '5s' });
  } catch (cause) {
    throw unreachable(settings, cause);
  }
  return {
    client: new Client({ connection, namespace, ...(dataConverter && { dataConverter }) }),
    address,
    namespace,
    close: () => connection.close(),
  };
}
