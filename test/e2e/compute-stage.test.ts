/**
 * @file Stages of a user's own types in the compute process, on real servers: work that never awaits neither loses its
 * heartbeat nor outlives its run, a killed process costs an attempt and no byte, and the engine is there to be used.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import { openStore } from '../../artifacts/s3-store.js';
import { importDataset } from '../../datasets/import.js';
import type { PipelineStatus, StageStatus } from '../../definition/stages.js';
import { connectionEnvironment } from '../../servers/connection.js';
import { startEmbedded, type EmbeddedServers } from '../../servers/embedded.js';
import type { pipeline } from '../../workflows/index.js';
import { childrenOf } from '../faults/processes.js';
import { CommandProcess } from '../support/command.js';
import { writeIdxFolder } from '../support/idx.js';
import { bandImages } from '../support/images.js';
import { tinyClasses, tinyShape } from '../support/tiny.js';
import { WorkerProcess } from '../support/worker-process.js';

const modules = fileURLToPath(new URL('../support/compute-stages.js', import.meta.url));
let servers: EmbeddedServers;
let client: Client;
let pipelines: WorkerProcess;
let compute: WorkerProcess;

before(async () => {
  servers = await startEmbedded({ ephemeral: true });
  client = new Client({ connection: await Connection.connect({ address: servers.temporalAddress }) });
  const store = await openStore(connectionEnvironment(servers), { createBucket: true });
  const folder = await mkdtemp(join(tmpdir(), 'distillery-compute-stage-'));
  await writeIdxFolder(
    folder,
    bandImages(60, tinyClasses, tinyShape),
    bandImages(16, tinyClasses, tinyShape, 2),
  );
  await importDataset(store, folder, { name: 'bands' });
  await rm(folder, { recursive: true, force: true });
  pipelines = new WorkerProcess('pipeline', servers, { DISTILLERY_STAGES: modules });
  compute = new WorkerProcess('compute', servers, { DISTILLERY_STAGES: modules });
});

after(async () => {
  await Promise.all([pipelines, compute].map((worker) => worker.end('SIGKILL')));
  await client.connection.close();
  await servers.stop();
});

function start(id: string, stage: object) {
  const definition = {
    name: 'own',
    dataset: { source: 'bands', holdout: 8 },
    network: { architecture: 'ConvNet', depth: 1, width: 4 },
    stages: { own: stage },
  };
  return client.workflow.start<typeof pipeline>('pipeline', {
    taskQueue: 'distillery',
    workflowId: id,
    args: [definition],
  });
}

type Run = Awaited<ReturnType<typeof start>>;

async function outputsOf(run: Run) {
  const { own } = (await run.result()).stages;
  assert.ok(own?.type === 'custom');
  return own.outputs;
}

async function statusOf(run: Run): Promise<StageStatus> {
  const { stages } = await run.query<PipelineStatus>('status');
  const [own] = stages;
  assert.ok(own !== undefined);
  return own;
}

/** Once the compute worker has begun with the work of a run. */
async function begun(id: string): Promise<void> {
  await compute.event(
    (event) => event.type === 'task' && event.state === 'started' && event.workflowId === `${id}/own`,
  );
  // The process may have to be started, and to read the data set.
  await delay(1500);
}

const stubborn = (steps: number, seconds: number) => ({
  uses: 'custom/stubborn',
  with: { steps, seconds },
  heartbeatTimeout: '3s',
  cache: false,
});

test('work that never awaits keeps its heartbeat', { timeout: 120_000 }, async () => {
  const run = await start('undisturbed', stubborn(1, 7));
  await begun('undisturbed');
  assert.equal(typeof (await outputsOf(run))['mean'], 'number');
  const { preemptions, failures } = await statusOf(run);
  assert.deepEqual([preemptions, failures], [0, 0]);
});

test('it ends with its run, and takes the process along', { timeout: 120_000 }, async () => {
  const run = await start('cancelled', stubborn(1, 120));
  await begun('cancelled');
  const [before] = childrenOf(compute.pid ?? 0);
  const asked = performance.now();
  await run.cancel();
  await assert.rejects(run.result(), WorkflowFailedError);
  const seconds = (performance.now() - asked) / 1000;
  assert.ok(seconds < 20, `cancelled after ${seconds} s`);
  assert.ok(!childrenOf(compute.pid ?? 0).includes(before ?? 0), 'the process is gone');
});

test('a killed process costs an attempt, and no byte', { timeout: 120_000 }, async () => {
  const calm = await outputsOf(await start('calm', stubborn(4, 0)));
  const run = await start('killed', stubborn(4, 2));
  await begun('killed');
  for (const pid of childrenOf(compute.pid ?? 0)) process.kill(pid, 'SIGKILL');
  assert.deepEqual(await outputsOf(run), calm);
  const { failures, state } = await statusOf(run);
  assert.deepEqual([state, failures], ['finished', 1]);
});

test('the engine computes graphs and trains the network of the run', { timeout: 120_000 }, async () => {
  const outputs = await outputsOf(await start('learning', { uses: 'custom/learning' }));
  const [square = NaN, first = NaN, last = NaN] = ['square', 'before', 'after'].map((name) =>
    Number(outputs[name]),
  );
  assert.ok(square < 1e-6, `x^2 = ${square}`);
  assert.ok(last < first, `${first} became ${last}`);
  assert.ok(typeof outputs['engine'] === 'string' && outputs['engine'].startsWith('tensorflow'));
});

test('an error says where it comes from, and whether it can pass', { timeout: 120_000 }, async () => {
  const failed = async (id: string, forGood: boolean): Promise<StageStatus> => {
    const stage = { uses: 'custom/failing', with: { forGood }, retry: { failures: 1, backoff: '1s' } };
    const run = await start(id, stage);
    await assert.rejects(run.result(), WorkflowFailedError);
    return statusOf(run);
  };
  const passing = await failed('passing', false);
  assert.match(
    passing.error ?? '',
    /TypeError: there is nothing to sharpen \(compute-stages\.[jt]s:\d+:\d+\)/,
  );
  assert.equal(passing.failures, 1);
  const hopeless = await failed('hopeless', true);
  assert.match(hopeless.error ?? '', /give up/);
  assert.equal(hopeless.failures, 0);
});

test('a worker without its module ends and says so', { timeout: 60_000 }, async () => {
  const environment = { ...process.env, ...connectionEnvironment(servers) };
  const command = new CommandProcess(
    ['worker', '--queue', 'compute', '--stages', 'nowhere.mjs'],
    environment,
  );
  assert.equal(await command.status(), 2);
  assert.match(command.said, /There is no module of stages at .*nowhere\.mjs/);
});
