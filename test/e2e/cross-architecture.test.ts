/**
 * @file An evaluation across architectures on real servers: the networks of the paper, several runs of each, trained
 * at the same time by two workers, on the distilled images and on everything.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import { openStore } from '../../artifacts/s3-store.js';
import type { ArtifactStore } from '../../artifacts/store.js';
import { importDataset } from '../../datasets/import.js';
import type { EvaluateOutput, EvaluationRow, PipelineStatus, ReportOutput } from '../../definition/stages.js';
import { connectionEnvironment } from '../../servers/connection.js';
import { startEmbedded, type EmbeddedServers } from '../../servers/embedded.js';
import type { WorkerEvent } from '../../worker/events.js';
import type { pipeline } from '../../workflows/index.js';
import { writeIdxFolder } from '../support/idx.js';
import { bandImages } from '../support/images.js';
import { WorkerProcess } from '../support/worker-process.js';

const architectures = ['ConvNet', 'ResNet18', 'VGG11', 'AlexNet'];

const definition = (cached: boolean): string => `
name: across
dataset: { source: bands, holdout: 4 }
network: { architecture: ConvNet, depth: 2, width: 8 }
stages:
  experts: { uses: train-experts, with: { count: 2, epochs: 2, batchSize: 16 } }
  distill:
    uses: distill
    with:
      trajectories: \${{ stages.experts.trajectories }}
      ipc: 1
      iterations: 2
      method: { synSteps: 2, expertEpochs: 1, maxStartEpoch: 1, lrImg: 10, lrLr: 0 }
      selection: { every: 2, epochs: 1 }
  evaluate:
    uses: evaluate
    maxParallel: 4
    cache: ${cached}
    with:
      dataset: \${{ stages.distill.result }}
      networks: cross-architecture
      runs: 2
      epochs: 2
      baselines: [full]
      full: { runs: 2, epochs: 1, batchSize: 16 }
  report: { uses: report }
`;

const workers: WorkerProcess[] = [];
let servers: EmbeddedServers;
let client: Client;
let store: ArtifactStore;

before(async () => {
  servers = await startEmbedded({ ephemeral: true });
  client = new Client({ connection: await Connection.connect({ address: servers.temporalAddress }) });
  store = await openStore(connectionEnvironment(servers), { createBucket: true });
  const folder = await mkdtemp(join(tmpdir(), 'distillery-across-'));
  // As large as VGG11 needs, and no more images than show that something is learned.
  const shape = { channels: 1, height: 28, width: 28 };
  await writeIdxFolder(folder, bandImages(36, 4, shape), bandImages(16, 4, shape, 2));
  await importDataset(store, folder, { name: 'bands' });
  await rm(folder, { recursive: true, force: true });
});

after(async () => {
  await Promise.all(workers.map((worker) => worker.end('SIGKILL')));
  await client.connection.close();
  await servers.stop();
});

test('architectures are trained beside each other by two workers', { timeout: 600_000 }, async () => {
  const start = (queue: 'pipeline' | 'compute'): WorkerProcess => {
    const worker = new WorkerProcess(queue, servers);
    workers.push(worker);
    return worker;
  };
  start('pipeline');
  const computes = [start('compute'), start('compute')];
  let running = 0;
  let mostAtOnce = 0;
  for (const worker of computes)
    worker.onEvent = (event: WorkerEvent) => {
      if (event.type !== 'task' || !/ run [0-9]+$/.test(event.unit)) return;
      running += event.state === 'started' ? 1 : -1;
      mostAtOnce = Math.max(mostAtOnce, running);
    };

  const run = (id: string, cached = true) =>
    client.workflow.start<typeof pipeline>('pipeline', {
      taskQueue: 'distillery',
      workflowId: id,
      args: [definition(cached)],
    });
  const handle = await run('across');
  const { stages } = await handle.result();
  assert.equal(mostAtOnce, 2, 'two workers of one slot each');
  for (const { events } of computes)
    assert.ok(events.some((event) => event.type === 'task' && / on full run /.test(event.unit)));

  const { rows } = stages['evaluate'] as EvaluateOutput;
  const of = (trainedOn: EvaluationRow['trainedOn']): EvaluationRow[] =>
    rows.filter((row) => row.trainedOn === trainedOn);
  assert.deepEqual(
    of('distilled').map(({ architecture }) => architecture),
    architectures,
  );
  // The experts stand for the network of the pipeline.
  assert.deepEqual(
    of('full').map(({ architecture, source }) => [architecture, source]),
    [
      ['ResNet18', 'training'],
      ['VGG11', 'training'],
      ['AlexNet', 'training'],
      ['ConvNet', undefined],
    ],
  );
  for (const { trainedOn, architecture, accuracies, mean, std, ofFull } of rows) {
    const [a = -1, b = -1] = accuracies;
    assert.equal(accuracies.length, 2);
    assert.ok(accuracies.every((accuracy) => accuracy >= 0 && accuracy <= 1));
    assert.ok(Math.abs(mean - (a + b) / 2) < 1e-12 && Math.abs(std - Math.abs(a - b) / 2) < 1e-12);
    if (trainedOn === 'full') continue;
    const whole = of('full').find((row) => row.architecture === architecture);
    assert.equal(ofFull, whole?.mean === 0 ? undefined : mean / (whole?.mean ?? Number.NaN));
  }

  const status = await handle.query<PipelineStatus>('status');
  const evaluation = status.stages.find(({ id }) => id === 'evaluate');
  // Four networks twice on the distilled images, three of them twice on everything.
  assert.deepEqual([evaluation?.done, evaluation?.total], [14, 14]);
  assert.match(evaluation?.summary ?? '', /ResNet18 on full [\d.]+ ± [\d.]+ %/);
  const { report } = stages['report'] as ReportOutput;
  const page = new TextDecoder().decode(await store.get(report));
  for (const name of architectures) assert.match(page, new RegExp(`scope="rowgroup">${name}<`));
  assert.match(page, /For the other networks the whole set is what 2\u00a0networks/);
});
