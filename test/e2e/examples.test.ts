/**
 * @file Every example of `pipelines/` that teaches something, from end to end on real servers with two real compute
 * workers: as it is written, but of less work and on small data sets in the true formats.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { openStore } from '../../artifacts/s3-store.js';
import type { ArtifactStore } from '../../artifacts/store.js';
import type { CustomStageType } from '../../custom/stage-type.js';
import { compile } from '../../definition/index.js';
import type { ParameterValues } from '../../definition/parameters.js';
import type { EvaluateOutput, PipelineResult, PipelineStatus } from '../../definition/stages.js';
import { connectionEnvironment } from '../../servers/connection.js';
import { startEmbedded, type EmbeddedServers } from '../../servers/embedded.js';
import { packageRoot } from '../../setup/package-root.js';
import type { WorkerEvent } from '../../worker/events.js';
import type { pipeline } from '../../workflows/index.js';
import { CommandProcess } from '../support/command.js';
import { writeIdxFolder } from '../support/idx.js';
import { bandImages } from '../support/images.js';
import { classFolders, writeFiles } from '../support/pictures.js';
import { reduced } from '../support/reduced.js';
import { WorkerProcess } from '../support/worker-process.js';
import { checkRun } from './run-checks.js';

const examples = join(packageRoot(), 'pipelines');
const ownStages = join(examples, 'custom-stage', 'class-means.mjs');
const workers: WorkerProcess[] = [];
let folder: string;
let servers: EmbeddedServers;
let client: Client;
let store: ArtifactStore;
let stages: readonly CustomStageType[];
/** Files that have been run. */
const started = new Set<string>();
/** Trainings of evaluations at the same time, at most. */
let mostAtOnce = 0;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'distillery-examples-'));
  servers = await startEmbedded({ ephemeral: true });
  client = new Client({ connection: await Connection.connect({ address: servers.temporalAddress }) });
  store = await openStore(connectionEnvironment(servers), { createBucket: true });
  const { default: type } = (await import(pathToFileURL(ownStages).href)) as { default: CustomStageType };
  stages = [type];

  // As large as those of Fashion-MNIST, so that the networks are the same, and few.
  const clothes = join(folder, 'fashion-mnist');
  await mkdir(clothes);
  const shape = { channels: 1, height: 28, width: 28 };
  await writeIdxFolder(clothes, bandImages(240, 10, shape), bandImages(20, 10, shape, 2));

  const environment = { DISTILLERY_DATASETS: folder, DISTILLERY_STAGES: ownStages };
  let running = 0;
  for (const queue of ['pipeline', 'compute', 'compute'] as const) {
    const worker = new WorkerProcess(queue, servers, environment);
    worker.onEvent = (event: WorkerEvent) => {
      if (event.type !== 'task' || event.task !== 'evaluateNetwork') return;
      running += event.state === 'started' ? 1 : -1;
      mostAtOnce = Math.max(mostAtOnce, running);
    };
    workers.push(worker);
  }
});

after(async () => {
  await Promise.all(workers.map((worker) => worker.end('SIGKILL')));
  await client.connection.close();
  await servers.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Ran {
  readonly result: PipelineResult;
  readonly page: string;
  readonly status: PipelineStatus;
}

/** Runs an example and checks whatever every run has to show. */
async function run(
  file: string,
  {
    id = file,
    params = {},
    classes = 10,
    skipped = [] as readonly string[],
  }: {
    readonly id?: string;
    readonly params?: ParameterValues;
    readonly classes?: number;
    readonly skipped?: readonly string[];
  } = {},
): Promise<Ran> {
  started.add(file);
  const definition = reduced(await readFile(join(examples, file), 'utf8'));
  const { plan } = compile(definition, { params, stages });
  const handle = await client.workflow.start<typeof pipeline>('pipeline', {
    taskQueue: 'distillery',
    workflowId: id,
    args: [definition, { params }],
  });
  const result = await handle.result();
  const status = await handle.query<PipelineStatus>('status');
  return { result, page: await checkRun(store, { plan, classes, result, skipped }), status };
}

/** A command that succeeds. */
async function distillery(...words: readonly string[]): Promise<string> {
  const command = new CommandProcess(words, { ...process.env, ...connectionEnvironment(servers) });
  assert.equal(await command.status(), 0, command.said);
  return command.stdout;
}

const rowsOf = ({ result }: Ran, id = 'evaluate') => (result.stages[id] as EvaluateOutput).rows;

describe('the examples', { timeout: 600_000 }, () => {
  it('fashion-mnist-quickstart: distilled images beside random ones', async () => {
    const ran = await run('fashion-mnist-quickstart.yaml', { params: { ipc: 2 } });
    assert.deepEqual(
      rowsOf(ran).map(({ trainedOn, architecture }) => [trainedOn, architecture]),
      [
        ['distilled', 'ConvNet'],
        ['random', 'ConvNet'],
        ['full', 'ConvNet'],
      ],
    );
  });

  it('own-images: pictures in a folder for each class', async () => {
    const pictures = bandImages(60, 3, { channels: 3, height: 20, width: 24 });
    await writeFiles(join(folder, 'my-images'), classFolders(pictures, ['cat', 'dog', 'owl']));
    await distillery('dataset', 'import', join(folder, 'my-images'), '--size', '32', '--name', 'my-images');
    const { page } = await run('own-images.yaml', { params: { holdout: 9, iterations: 2 }, classes: 3 });
    for (const name of ['cat', 'dog', 'owl']) assert.match(page, new RegExp(`\\b${name}\\b`));
  });

  it('fashion-mnist-methods: ten sets in one table', async () => {
    const { page } = await run('fashion-mnist-methods.yaml', { params: { runs: 1, epochs: 2 } });
    for (const stage of ['herding', 'k-center', 'forgetting', 'distill', 'dd', 'dm', 'dc', 'dsa', 'kip'])
      assert.match(page, new RegExp(`<td class="name">${stage}</td><td class="number">1</td>`), stage);
  });

  it('sweep: all cells, and other networks where the bar is passed', async () => {
    const params = { limit: 180, holdout: 50, width: 8, epochs: 3, iterations: 2, training: 2 };
    const cells = [1, 5, 10].map((ipc) => `others[ipc=${ipc}]`);
    const over = await run('sweep.yaml', { params: { ...params, bar: 0 } });
    for (const cell of cells)
      assert.deepEqual(
        rowsOf(over, cell).map(({ trainedOn, architecture }) => [trainedOn, architecture]),
        [
          ['distilled', 'MLP'],
          ['distilled', 'LeNet'],
          ['full', 'ConvNet'],
        ],
      );
    for (const ipc of [1, 5, 10])
      assert.match(over.page, new RegExp(`<td class="number">${ipc}</td><td class="number" title`));
    // Of the same cells, which are in the store now.
    const under = await run('sweep.yaml', { id: 'under', params: { ...params, bar: 2 }, skipped: cells });
    assert.match(
      under.result.skipped?.['others[ipc=1]'] ?? '',
      /^stages\.evaluate\.accuracy >= 2 does not hold: /,
    );
    assert.equal(under.result.reused.length, 7);
  });

  it('cross-architecture: four networks, trained beside each other by two workers', async () => {
    mostAtOnce = 0;
    const ran = await run('cross-architecture.yaml', { params: { images: 100, iterations: 2 } });
    assert.equal(mostAtOnce, 2, 'two workers of one slot each');
    const others = ['ResNet18', 'VGG11', 'AlexNet'];
    const of = (set: string) => rowsOf(ran).filter(({ trainedOn }) => trainedOn === set);
    for (const set of ['distilled', 'random'])
      assert.deepEqual(
        of(set).map(({ architecture }) => architecture),
        ['ConvNet', ...others],
      );
    // The experts stand for the network of the pipeline.
    assert.deepEqual(
      of('full').map(({ architecture, source }) => [architecture, source]),
      [...others.map((name) => [name, 'training']), ['ConvNet', undefined]],
    );
    for (const { trainedOn, architecture, accuracies, mean, std, ofFull } of rowsOf(ran)) {
      const [a = -1, b = -1] = accuracies;
      assert.ok(Math.abs(mean - (a + b) / 2) < 1e-12 && Math.abs(std - Math.abs(a - b) / 2) < 1e-12);
      if (trainedOn === 'full') continue;
      const whole = of('full').find((row) => row.architecture === architecture);
      assert.equal(ofFull, whole?.mean === 0 ? undefined : mean / (whole?.mean ?? Number.NaN));
    }
    const evaluation = ran.status.stages.find(({ id }) => id === 'evaluate');
    // Four networks twice on the distilled images and on random ones, three of them twice on everything.
    assert.deepEqual([evaluation?.done, evaluation?.total], [22, 22]);
    assert.match(evaluation?.summary ?? '', /ResNet18 on full [\d.]+ ± [\d.]+ %/);
    for (const name of others) assert.match(ran.page, new RegExp(`scope="rowgroup">${name}<`));
    assert.match(ran.page, /For the other networks the whole set is what 2\u00a0networks/);
  });

  it('fashion-mnist-60k: stages that a parameter leaves out', async () => {
    const skipped = ['dc', 'dsa', 'evaluate-dc', 'evaluate-dsa'];
    const params = { iterations: 2, synSteps: 2, gradients: false };
    const { page } = await run('fashion-mnist-60k.yaml', { params, skipped });
    assert.match(page, /<td class="name">kip<\/td>/);
  });

  it('fashion-mnist: as large as parameters say', async () => {
    const { result } = await run('fashion-mnist.yaml', { params: { ipc: 1, experts: 1, iterations: 2 } });
    const { experts } = result.stages;
    assert.ok(experts?.type === 'train-experts' && experts.count === 1);
  });

  it('long-range: a curve for each number of steps', async () => {
    const { page } = await run('long-range.yaml', { params: { iterations: 2 } });
    assert.match(page, /Short-range against long-range matching/);
  });

  it('start-epochs: a point for each bound', async () => {
    const { page } = await run('start-epochs.yaml', { params: { iterations: 2 } });
    assert.match(page, /id="start-epochs"/);
  });

  it('class-means: a stage of the user’s own', async () => {
    const ran = await run('custom-stage/class-means.yaml', { id: 'class-means', params: { epochs: 2 } });
    const means = ran.result.stages['means'];
    assert.ok(means?.type === 'custom' && Number(means.outputs['contrast']) > 0);
    assert.equal(rowsOf(ran).length, 2);
  });

  it('stopped, resumed and run again, as the guide does', async () => {
    const text = await readFile(join(examples, 'fashion-mnist-quickstart.yaml'), 'utf8');
    const file = join(folder, 'walk.json');
    const write = async (iterations: number, title: string) => {
      const changed = text
        .replace('iterations: 80', `iterations: ${iterations}`)
        .replace('every: 20', `every: ${iterations}`)
        .replace(/title: .*/, `title: ${title}`);
      await writeFile(file, JSON.stringify(reduced(changed, { iterations, every: iterations })));
    };
    await write(240, 'First');
    await distillery('run', file, '--workflow-id', 'walk', '--detach');
    const handle = client.workflow.getHandle<typeof pipeline>('walk');
    const distilled = async () => {
      const { stages: all } = await handle.query<PipelineStatus>('status');
      return all.find(({ id }) => id === 'distill')?.done ?? 0;
    };
    while ((await distilled()) < 20) await delay(50);
    await distillery('pause', 'walk', '--reason', 'need the machine');
    assert.match(await distillery('status', 'walk'), /paused since .* \(need the machine\)/);
    await distillery('resume', 'walk');
    await distillery('cancel', 'walk');
    await assert.rejects(handle.result());
    assert.equal((await handle.describe()).status.name, 'CANCELLED');

    const reusedBy = async (id: string, ...words: readonly string[]) => {
      await distillery('run', file, '--workflow-id', id, ...words);
      const { reused } = await client.workflow.getHandle<typeof pipeline>(id).result();
      return [...reused].sort();
    };
    assert.deepEqual(await reusedBy('walk-2'), ['experts']);
    await write(240, 'Second');
    assert.deepEqual(await reusedBy('another-title'), ['distill', 'evaluate', 'experts']);
    await write(20, 'Second');
    assert.deepEqual(await reusedBy('another-ipc', '--param', 'ipc=5'), ['experts']);
    assert.deepEqual(await reusedBy('anew', '--no-cache'), []);
  });

  it('are all of them', async () => {
    const files = await readdir(examples, { recursive: true });
    // Those of the paper are only as large as published; `tiny` is what other tests run.
    const expected = files.filter((file) => /^(?!paper\b|tiny\b).*\.yaml$/.test(file));
    assert.deepEqual([...started].sort(), expected.sort());
  });
});
