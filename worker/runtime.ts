/**
 * @file The SDK's runtime for a process of ours: its warnings and the workflows' own lines become events,
 * metrics are offered where they are wanted, and signals are left to us.
 */
import { DefaultLogger, Runtime, type LogEntry } from '@temporalio/worker';
import { histogramBuckets } from '../activities/metric-names.js';
import { DistilleryError } from '../errors/errors.js';
import type { OnWorkerEvent, WorkerEvent } from './events.js';
import { formatAddress, type ListenAddress } from './listen-address.js';

/** Said by our own events already with less noise, or meant so: a compute worker has no workflows. */
const known: ReadonlySet<string> = new Set([
  'Activity failed',
  'Workflow failed',
  'No workflows registered, not polling for workflow tasks',
]);

let installed = false;

export interface RuntimeSettings {
  readonly onEvent: OnWorkerEvent;
  /** Where Prometheus finds the metrics, at `/metrics`. Default: nowhere. */
  readonly metrics?: ListenAddress | undefined;
}

/**
 * Installs the runtime once per process; later calls change nothing.
 *
 * @throws DistilleryError `ServerUnavailable` when it cannot listen there
 */
export function installRuntime({ onEvent, metrics }: RuntimeSettings): void {
  if (installed) return;
  try {
    Runtime.install({
      shutdownSignals: [],
      telemetryOptions: {
        logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } },
        ...(metrics && {
          metrics: {
            prometheus: {
              bindAddress: formatAddress(metrics),
              countersTotalSuffix: true,
              useSecondsForDurations: true,
              histogramBucketOverrides: histogramBuckets(),
            },
          },
        }),
      },
      logger: new DefaultLogger('INFO', (entry) => {
        const event = eventOf(entry);
        if (event !== undefined) onEvent(event);
      }),
    });
  } catch (cause) {
    if (metrics === undefined) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DistilleryError(
      'ServerUnavailable',
      `The worker cannot offer its metrics on ${formatAddress(metrics)}: ${reason}. Choose another --metrics.`,
      { cause },
    );
  }
  installed = true;
}

function eventOf({ level, message, meta = {} }: LogEntry): WorkerEvent | undefined {
  if (level === 'WARN' || level === 'ERROR') {
    if (known.has(message)) return undefined;
    const error: unknown = meta['error'];
    return {
      type: 'warning',
      message: error instanceof Error ? `${message}: ${error.message}` : message,
      ...identifiers(meta),
    };
  }
  // What the SDK says of itself at this level nobody has asked for.
  const stage: unknown = meta['stage'];
  if (meta['sdkComponent'] !== 'workflow' || typeof stage !== 'string') return undefined;
  const { reason } = meta;
  return {
    type: 'stage',
    message,
    stage,
    ...(typeof reason === 'string' && reason !== '' && { reason }),
    ...identifiers(meta),
  };
}

function identifiers(meta: Readonly<Record<string, unknown>>): { workflowId?: string; runId?: string } {
  const { workflowId, runId } = meta;
  return {
    ...(typeof workflowId === 'string' && { workflowId }),
    ...(typeof runId === 'string' && { runId }),
  };
}
