/**
 * @file The worker's connection to Temporal, from the environment or `temporal.toml`.
 */
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import { DistilleryError } from '../errors/errors.js';

const defaultAddress = '127.0.0.1:7233';
const retryMilliseconds = 1000;

export interface TemporalConnection {
  readonly connection: NativeConnection;
  readonly address: string;
  readonly namespace: string;
}

/**
 * Connects as TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and the rest of the standard settings say.
 *
 * @param waitSeconds how long to wait for a server that is still starting
 * @throws DistilleryError `ServerUnavailable`
 */
export async function connectWorker(waitSeconds: number): Promise<TemporalConnection> {
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const address = connectionOptions.address ?? defaultAddress;
  const deadline = performance.now() + waitSeconds * 1000;
  for (;;) {
    try {
      const connection = await NativeConnection.connect({ ...connectionOptions, address });
      return { connection, address, namespace };
    } catch (cause) {
      if (performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, retryMilliseconds));
        continue;
      }
      throw new DistilleryError(
        'ServerUnavailable',
        `Temporal does not answer at ${address}. Start it with \`distillery up\`, or set TEMPORAL_ADDRESS to your own.`,
        { cause },
      );
    }
  }
}
