/**
 * @file The demo from beginning to end; reads in the order in which things happen.
 */
import { join, relative } from 'node:path';

import type { Client } from '@temporalio/client';

import { openStore } from '../../artifacts/s3-store.js';
import type { Plan } from '../../definition/plan.js';
import type { PipelineResult } from '../../definition/stages.js';
import { packageRoot } from '../../setup/package-root.js';
import type { CommandContext } from '../command-context.js';
import { loadDefinition } from '../definition-file.js';
import { downloadReferences } from '../results/download.js';
import { prepare } from '../services/prepare.js';
import { stopSignals } from '../services/stop-signals.js';
import type { Environment } from '../state/client-environment.js';
import { type RunDisplay, runDisplay } from '../status/display.js';
import type { RunView } from '../status/view.js';
import { connectTemporal, type TemporalClient } from '../temporal/connect.js';
import { ended, followRun } from '../temporal/follow.js';
import { reportIn } from '../temporal/report-of.js';
import { freshWorkflowId, startPipeline } from '../temporal/start.js';
import { closingLines } from './closing.js';
import { type DemoServices, ownServices, sharedServices } from './demo-services.js';

export interface DemoOptions {
  /** Use no results of earlier runs. */
  readonly fresh: boolean;
}

export type DemoOutcome = 'finished' | 'failed' | 'interrupted';

/** Where a demo is and with what. */
interface Demo {
  readonly context: CommandContext;
  readonly file: string;
  readonly plan: Plan;
  readonly workflowId: string;
  readonly temporal: TemporalClient;
  readonly services: DemoServices;
}

export async function runDemo(context: CommandContext, { fresh }: DemoOptions): Promise<DemoOutcome> {
  const startedAt = performance.now();
  // The tree and the lines of the workers share the screen.
  const display = runDisplay(context.out);
  const file = join(packageRoot(), 'pipelines', 'fashion-mnist-quickstart.yaml');
  const { bytes, plan } = await loadDefinition(file);
  let services = sharedServices(context);
  if (services === undefined) {
    const { environment } = context;
    await prepare({
      workers: ['pipeline', 'compute'],
      environment,
      event: display.event,
      fashionMnist: true,
    });
  }
  const stop = stopSignals();
  // Said last, when nothing else has anything to say.
  let closing: readonly string[] = [];
  try {
    if (services === undefined) services = await ownServices(context, display.event, stop.signal);
    else display.event('demo', 'uses the servers and workers that are up');
    if (services === undefined) return 'interrupted';
    const temporal = await connectTemporal(services.environment);
    try {
      const workflowId = freshWorkflowId('demo', new Date());
      const demo: Demo = { context, file, plan, workflowId, temporal, services };
      await startPipeline(temporal.client, workflowId, bytes, { cache: !fresh });
      display.event('demo', `started ${workflowId}`);
      const end = await watch(temporal.client, workflowId, display, services.failure, stop.signal);
      if (end === undefined || !ended(end)) {
        await cancelRun(temporal.client, workflowId);
        context.out.line('Interrupted. The next demo goes on from what is checkpointed.');
        return 'interrupted';
      }
      if (end.state !== 'finished') return 'failed';
      closing = await finish(demo, (performance.now() - startedAt) / 1000);
      return 'finished';
    } finally {
      await temporal.close();
    }
  } finally {
    display.end();
    await services?.stop();
    stop.dispose();
    for (const line of closing) context.out.line(line);
  }
}

/** Follows until the end, Ctrl-C, or a server that ends by itself (which throws). */
async function watch(
  client: Client,
  workflowId: string,
  display: RunDisplay,
  failure: Promise<never>,
  stop: AbortSignal,
): Promise<RunView | undefined> {
  const lost = new AbortController();
  const signal = AbortSignal.any([stop, lost.signal]);
  try {
    return await Promise.race([followRun(client, workflowId, display, { signal }), failure]);
  } finally {
    lost.abort();
  }
}

/** Brings the results here, and says what came of it. */
async function finish(demo: Demo, seconds: number): Promise<string[]> {
  const { context, temporal, workflowId, services } = demo;
  const result = (await temporal.client.workflow.getHandle(workflowId).result()) as PipelineResult;
  return closingLines({
    result,
    plan: demo.plan,
    report: await fetchReport(result, workflowId, services.environment),
    workflowId,
    file: shortPath(demo.file),
    address: temporal.address,
    namespace: temporal.namespace,
    ui: services.ui,
    staysUp: services.shared,
    seconds,
    terminal: context.out,
  });
}

/** Path of the downloaded report, as short as it can be said from here. */
async function fetchReport(
  result: PipelineResult,
  workflowId: string,
  environment: Environment,
): Promise<string | undefined> {
  const report = reportIn(result);
  if (report === undefined) return undefined;
  const store = await openStore({ ...environment }, { readOnly: true });
  const directory = join('results', workflowId);
  const files = await downloadReferences(store, report.files, report.folder, directory);
  return files.find(({ path }) => path.endsWith('report.html'))?.path ?? directory;
}

/** A demo that nobody watches must not go on when the servers come up the next time. */
async function cancelRun(client: Client, workflowId: string): Promise<void> {
  await client
    .withDeadline(Date.now() + 3_000, () => client.workflow.getHandle(workflowId).cancel())
    .catch(
      // A server that is gone already: the next `distillery up` shows the run, and `cancel` ends it.
      () => undefined,
    );
}

function shortPath(path: string): string {
  const here = relative(process.cwd(), path);
  return here.startsWith('..') ? path : here;
}
