/**
 * @file Temporal servers for tests: the time-skipping one, found or provisioned once.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { distilleryHome } from '../../setup/home.js';
import { ensureTemporalTestServer } from '../../setup/temporal.js';

/** A server on which waiting takes no time. `TEMPORAL_TEST_SERVER` names another executable. */
export async function timeSkippingServer(): Promise<TestWorkflowEnvironment> {
  quietRuntime();
  const path =
    process.env['TEMPORAL_TEST_SERVER'] ??
    (await ensureTemporalTestServer(distilleryHome(), (line) => console.error(line)));
  return TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
}

/** Failing activities are what many tests are about; their warnings would bury the results. */
export function quietRuntime(): void {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    shutdownSignals: [],
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
  });
}
