/**
 * @file The worker's connection to Temporal.
 */
import { NativeConnection } from '@temporalio/worker';
import { temporalSettings, unreachable } from './temporal-settings.js';

const retryMilliseconds = 1000;

export interface TemporalConnection {
  readonly connection: NativeConnection;
  readonly address: string;
  readonly namespace: string;
}

/**
 * Connects as the environment says.
 *
 * @param waitSeconds how long to wait for a server that is still starting
 * @throws DistilleryError `ServerUnavailable`, or as of `temporalSettings`
 */
export async function connectWorker(waitSeconds: number): Promise<TemporalConnection> {
  const settings = temporalSettings(process.env);
  const { address, namespace, options } = settings;
  const deadline = performance.now() + waitSeconds * 1000;
  for (;;) {
    try {
      return { connection: await NativeConnection.connect(options), address, namespace };
    } catch (cause) {
      if (performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, retryMilliseconds));
        continue;
      }
      throw unreachable(settings, cause);
    }
  }
}
