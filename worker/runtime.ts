/**
 * @file The SDK's runtime for a process of ours: its warnings become events, and signals are left to us.
 */
import { DefaultLogger, Runtime, type LogEntry } from '@temporalio/worker';
import type { OnWorkerEvent } from './events.js';

/** Said by our own events already with less noise, or meant so: a compute worker has no workflows. */
const known: ReadonlySet<string> = new Set([
  'Activity failed',
  'Workflow failed',
  'No workflows registered, not polling for workflow tasks',
]);

let installed = false;

/** Installs the runtime once per process; later calls change nothing. */
export function installRuntime(onEvent: OnWorkerEvent): void {
  if (installed) return;
  installed = true;
  Runtime.install({
    shutdownSignals: [],
    telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } } },
    logger: new DefaultLogger('WARN', (entry) => {
      if (!known.has(entry.message)) onEvent({ type: 'warning', message: describeEntry(entry) });
    }),
  });
}

function describeEntry({ message, meta }: LogEntry): string {
  const error: unknown = meta?.['error'];
  return error instanceof Error ? `${message}: ${error.message}` : message;
}
