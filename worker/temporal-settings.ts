/**
 * @file Where Temporal is and how to get in, from the environment or a profile of `temporal.toml`; the same for
 * clients and workers.
 */
import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { DistilleryError } from '../errors/errors.js';

const defaultAddress = '127.0.0.1:7233';

export interface TemporalSettings {
  readonly address: string;
  readonly namespace: string;
  /** Address, TLS, API key and further headers, for either kind of connection. */
  readonly options: ClientConnectConfig['connectionOptions'];
}

/**
 * What TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and the rest of Temporal's environment configuration say.
 *
 * @throws DistilleryError `InvalidDefinition` when a file that it names is missing or wrong
 */
export function temporalSettings(
  environment: Readonly<Record<string, string | undefined>>,
): TemporalSettings {
  const set = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  try {
    const config = loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(set) });
    const address = config.connectionOptions.address ?? defaultAddress;
    return {
      address,
      namespace: config.namespace ?? 'default',
      options: { ...config.connectionOptions, address },
    };
  } catch (cause) {
    const reason = (cause instanceof Error ? cause.message : String(cause)).trim();
    throw new DistilleryError(
      'InvalidDefinition',
      `The settings for Temporal cannot be used: ${reason}. ` +
        'See the TEMPORAL_* variables and the profile in temporal.toml (TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE).',
      { cause },
    );
  }
}

/** What to say of a server that does not answer. */
export function unreachable({ address, options }: TemporalSettings, cause?: unknown): DistilleryError {
  const secured = options.tls !== undefined && options.tls !== null && options.tls !== false;
  const how = secured ? ' over TLS' : '';
  const hint = secured ? ' Its certificate and ours (TEMPORAL_TLS_*) may be why.' : '';
  return new DistilleryError(
    'ServerUnavailable',
    `Temporal does not answer at ${address}${how}.${hint} Start it with \`distillery up\`, or set TEMPORAL_ADDRESS to your own.`,
    { cause },
  );
}
