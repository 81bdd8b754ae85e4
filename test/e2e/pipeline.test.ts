/**
 * @file The main job end to end: started by the real `temporal` command on real servers with real workers;
 * then again with its compute worker killed and drained on the way, which must change nothing.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { openStore } from '../../artifacts/s3-store.js';
import type { ArtifactStore } from '../../artifacts/store.js';
import { decodeDistilled } from '../../artifacts/result-folder.js';
import type {
  DistillOutput,
  EvaluateOutput,
  PipelineOptions,
  PipelineResult,
  PipelineStatus,
} from '../../definition/stages.js';
import { connectionEnvironment } from '../../servers/connection.js';
import { startEmbedded, type EmbeddedServers } from '../../servers/embedded.js';
import { distilleryHome } from '../../setup/home.js';
import { ensureTemporal } from '../../setup/temporal.js';
import type { pipeline } from '../../workflows/index.js';
import type { WorkerEvent } from '../../worker/events.js';
import { packageRoot } from '../../setup/package-root.js';
import { WorkerProcess } from '../support/worker-process.js';

const definition = join(packageRoot(), 'pipelines', 'tiny.yaml');
const workers: WorkerProcess[] = [];
let servers: EmbeddedServers;
let client: Client;
let temporalBinary: string;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'distillery-e2e-'));
  servers = await startEmbedded({ ephemeral: true });
  const connection = await Connection.connect({ address: servers.temporalAddress });
  client = new Client({ connection });
  const provision = await ensureTemporal(distilleryHome(), () => undefined, { PATH: process.env['PATH'] });
  if (provision.kind !== 'binary') throw new Error('these tests need the temporal command');
  temporalBinary = provision.path;
});

after(async () => {
  await Promise.all(workers.map((worker) => worker.end('SIGKILL')));
  await client.connection.close();
  await servers.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Workers whose artifacts go to a bucket of their own. */
function startWorker(queue: 'pipeline' | 'compute', bucket: string): WorkerProcess {
  const worker = new WorkerProcess(queue, servers, { S3_BUCKET: bucket });
  workers.push(worker);
  return worker;
}

async function temporal(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(temporalBinary, [
    ...args,
    '--address',
    servers.temporalAddress,
  ]);
  return stdout;
}

/** As in the README, with a second input for the parameters. */
async function start(id: string, given: PipelineOptions, file = definition): Promise<void> {
  const options = join(folder, `${id}.json`);
  await writeFile(options, JSON.stringify(given));
  await temporal(
    ...['workflow', 'start', '--type', 'pipeline', '--task-queue', 'distillery', '--workflow-id', id],
    ...['--input-file', file, '--input-meta', 'encoding=binary/plain'],
    ...['--input-file', options, '--input-meta', 'encoding=json/plain'],
  );
}

function result(id: string): Promise<PipelineResult> {
  return client.workflow.getHandle<typeof pipeline>(id).result();
}

function storeOf(bucket: string): Promise<ArtifactStore> {
  return openStore({ ...connectionEnvironment(servers), S3_BUCKET: bucket });
}

/** What must be the same however the run went: every digest but those of reports, which name their run. */
function digests({ stages }: PipelineResult): unknown {
  return Object.fromEntries(Object.entries(stages).filter(([, output]) => output.type !== 'report'));
}

/** A chunk that begins at this iteration or later. */
const isChunk = (from: number) => (event: WorkerEvent) =>
  event.type === 'task' &&
  event.task === 'distillChunk' &&
  Number(/^iterations ([0-9]+)/.exec(event.unit)?.[1]) >= from;

const given = { params: { iterations: 60 } };
let uninterrupted: PipelineResult;

test(
  'a definition started by the temporal command runs to a distilled data set',
  { timeout: 300_000 },
  async () => {
    const light = startWorker('pipeline', 'undisturbed');
    const compute = startWorker('compute', 'undisturbed');
    await start('tiny', given);
    uninterrupted = await result('tiny');
    assert.deepEqual(uninterrupted.reused, []);

    const distilled = uninterrupted.stages['distill'] as DistillOutput;
    const store = await storeOf('undisturbed');
    const set = decodeDistilled(await store.get(distilled.result));
    assert.deepEqual([...set.labels], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.equal(set.images.length, 10 * 28 * 28);
    assert.equal(set.learnedRate > 0, true);
    assert.equal(set.iteration, distilled.iteration);

    const queried = await temporal(
      'workflow',
      'query',
      '--workflow-id',
      'tiny',
      '--type',
      'status',
      '-o',
      'json',
    );
    const { queryResult } = JSON.parse(queried) as { queryResult: PipelineStatus[] };
    assert.deepEqual(
      queryResult[0]?.stages.map(({ id, state }) => [id, state]),
      ['experts', 'distill', 'evaluate', 'report'].map((id) => [id, 'finished']),
    );

    // The same definition again finds everything done.
    await start('tiny-again', given);
    const again = await result('tiny-again');
    assert.deepEqual(digests(again), digests(uninterrupted));
    assert.deepEqual([...again.reused].sort(), ['distill', 'evaluate', 'experts', 'report']);

    // One that takes the experts of that run builds on the same artifacts, and finds what was made of them.
    const text = (await readFile(definition, 'utf8')).replace(
      /with: \{ count: 2.*\n +maxParallel: 2\n/,
      'from: tiny/experts\n',
    );
    const taking = join(folder, 'taking.yaml');
    await writeFile(taking, text);
    await start('tiny-taking', given, taking);
    const taken = await result('tiny-taking');
    assert.deepEqual(digests(taken), digests(uninterrupted));
    assert.deepEqual([...taken.reused].sort(), ['distill', 'evaluate', 'experts']);

    // Without the cache everything is computed again, to the same bytes.
    const tasks = () => compute.events.filter(({ type }) => type === 'task').length;
    const first = tasks();
    await start('tiny-uncached', { ...given, cache: false });
    const uncached = await result('tiny-uncached');
    assert.deepEqual(uncached.reused, []);
    assert.equal(tasks(), 2 * first);
    assert.equal((uncached.stages['distill'] as DistillOutput).result.sha256, distilled.result.sha256);
    const scores = (of: PipelineResult) => (of.stages['evaluate'] as EvaluateOutput).rows;
    assert.deepEqual(scores(uncached), scores(uninterrupted));

    await light.end('SIGTERM');
    await compute.end('SIGTERM');
  },
);

test('killed and drained compute workers change no digest', { timeout: 300_000 }, async () => {
  const light = startWorker('pipeline', 'disturbed');
  const first = startWorker('compute', 'disturbed');
  await start('tiny-disturbed', given);

  // Without any notice, in the middle of the distillation.
  await first.event(isChunk(11));
  await first.end('SIGKILL');
  const second = startWorker('compute', 'disturbed');
  await second.event(isChunk(21));
  // With notice: what was computed is kept, and the worker is gone soon.
  assert.equal((await second.end('SIGTERM')) < 5, true);
  const third = startWorker('compute', 'disturbed');

  const disturbed = await result('tiny-disturbed');
  assert.deepEqual(digests(disturbed), digests(uninterrupted));
  const { stages } = await client.workflow.getHandle('tiny-disturbed').query<PipelineStatus>('status');
  const { preemptions = 0, failures } = stages.find(({ id }) => id === 'distill') ?? {};
  assert.equal(preemptions >= 1, true, 'the kill was noticed');
  assert.equal(failures, 0, 'a lost worker is no failure of the work');
  await light.end('SIGTERM');
  await third.end('SIGTERM');
});

test('a pause keeps the work, uses no budget and changes no digest', { timeout: 300_000 }, async () => {
  const light = startWorker('pipeline', 'paused');
  const compute = startWorker('compute', 'paused');
  await start('tiny-paused', given);
  const tasks = () => compute.events.filter(({ type }) => type === 'task');
  await compute.event(isChunk(11));
  const update = ['workflow', 'update', 'execute', '--workflow-id', 'tiny-paused', '--name'];
  await temporal(...update, 'pause', '--input', '{"reason": "lunch"}');
  const handle = client.workflow.getHandle('tiny-paused');
  const distillation = async () => {
    const status = await handle.query<PipelineStatus>('status');
    return { ...status, distill: status.stages.find(({ id }) => id === 'distill') };
  };
  const asked = performance.now();
  while ((await distillation()).distill?.state !== 'paused') {
    assert.equal(performance.now() - asked < 15_000, true, 'the work stops within seconds');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { state, paused } = await distillation();
  assert.deepEqual([state, paused?.reason], ['paused', 'lunch']);
  const before = tasks().length;
  await new Promise((resolve) => setTimeout(resolve, 2000));
  assert.equal(tasks().length, before, 'nothing starts while paused');

  await temporal(...update, 'resume');
  assert.deepEqual(digests(await result('tiny-paused')), digests(uninterrupted));
  const { distill } = await distillation();
  assert.deepEqual([distill?.preemptions, distill?.failures], [0, 0]);
  await light.end('SIGTERM');
  await compute.end('SIGTERM');
});
