/**
 * @file The project in test/consumer, which installs the package and builds on it: its own workflows, activities,
 * types of stages, data set and network in its own worker beside another plugin, with a bundle made ahead, on real
 * servers.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { promisify } from 'node:util';
import type { Reference } from '../../artifacts/reference.js';
import { decodeDistilled } from '../../artifacts/result-folder.js';
import { openStore } from '../../artifacts/s3-store.js';
import type {
  CustomOutput,
  EvaluateOutput,
  PipelineResult,
  PipelineStatus,
} from '../../definition/stages.js';
import { connectionEnvironment } from '../../servers/connection.js';
import { packageRoot } from '../../setup/package-root.js';
import { useServers } from '../support/servers.js';
import { installedProject } from './packed.js';

interface Results {
  readonly greeting: string;
  readonly result: PipelineResult;
  readonly status: PipelineStatus;
  readonly told: string;
  readonly again: PipelineResult;
  readonly spans: readonly string[];
}

const run = promisify(execFile);
const servers = useServers();
let results: Results;

before(async () => {
  const { folder, remove } = await installedProject(
    join(packageRoot(), 'test', 'consumer'),
    ...['@temporalio/client', '@temporalio/worker', '@temporalio/workflow', 'zod'],
    ...[
      '@temporalio/interceptors-opentelemetry',
      '@opentelemetry/resources',
      '@opentelemetry/sdk-trace-base',
    ],
    '@tensorflow/tfjs-node-gpu',
  );
  try {
    const options = {
      cwd: folder,
      env: { ...process.env, ...connectionEnvironment(servers()) },
      maxBuffer: 16 * 1024 * 1024,
    };
    await run('npx', ['--no-install', 'distillery', 'engine', 'install'], options);
    const { stdout } = await run(process.execPath, ['main.mjs'], options);
    results = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Results;
  } finally {
    remove();
  }
});

function brightestOf({ stages }: PipelineResult): number {
  const { brightest } = (stages['first'] as CustomOutput).outputs;
  assert.ok(typeof brightest === 'number');
  return brightest;
}

test('workflows and activities of the project run beside distillery’s', () => {
  assert.equal(results.greeting, 'HELLO world');
});

test('a pipeline of the project’s own stages, data set and network runs', async () => {
  const { result, status } = results;
  assert.deepEqual(
    status.stages.map(({ id, type, state, failures }) => `${id}: ${type} ${state} ${failures}`),
    [
      'first: custom/first-images finished 0',
      'darker: custom/darker finished 0',
      'evaluate: evaluate finished 0',
      'report: report finished 0',
    ],
  );

  // The data set: squares of 16 equal pixels in the corner that is the class.
  const store = await openStore(connectionEnvironment(servers()));
  const imagesOf = async (stage: string) => {
    const { outputs } = result.stages[stage] as CustomOutput;
    return decodeDistilled(await store.get(outputs['result'] as Reference));
  };
  const first = await imagesOf('first');
  assert.deepEqual(first.classNames, ['a', 'b', 'c', 'd']);
  assert.deepEqual([...first.labels], [0, 1, 2, 3]);
  const bytes = [...first.images].map((x) => Math.round((x * first.std[0]! + first.mean[0]!) * 255));
  const lit = first.classNames.map((_, label) => bytes.slice(label * 64, label * 64 + 64));
  lit.forEach((pixels, label) => {
    const brightness = Math.max(...pixels);
    assert.ok([100, 125, 150, 175, 200].includes(brightness), `${brightness}`);
    const expected = Array.from({ length: 64 }, (_, at) =>
      Math.floor(at / 32) * 2 + Math.floor((at % 8) / 4) === label ? brightness : 0,
    );
    assert.deepEqual(pixels, expected);
  });

  // The stages: a number that one finds out, and images that another makes with it.
  const brightest = brightestOf(result);
  assert.equal(brightest, Math.max(...bytes));
  const darker = await imagesOf('darker');
  assert.deepEqual(
    darker.images,
    first.images.map((x) => (x * brightest) / 255),
  );

  // The network: one image of each corner says where they are.
  const { rows } = result.stages['evaluate'] as EvaluateOutput;
  assert.deepEqual(
    rows.map(({ trainedOn, architecture, accuracies }) => [trainedOn, architecture, accuracies.length]),
    [
      ['distilled', 'Small', 1],
      ['random', 'Small', 1],
    ],
  );
  assert.ok((rows[0]?.mean ?? 0) > 0.9, JSON.stringify(rows));
});

test('a pipeline is a child of the project’s workflow, and finds its results again', () => {
  const { result, told, again } = results;
  assert.equal(told, `BRIGHTEST ${brightestOf(result)}`);
  assert.deepEqual([...again.reused].sort(), ['darker', 'evaluate', 'first', 'report']);
});

test('another plugin does its part for the workflows and activities of both', () => {
  const expected = ['greet', 'pipeline', 'distilAndTell'].flatMap((name) => [
    `StartWorkflow:${name}`,
    `RunWorkflow:${name}`,
  ]);
  expected.push('RunActivity:shout', 'RunActivity:compileDefinition', 'RunActivity:runCustomStage');
  assert.deepEqual(
    expected.filter((name) => !results.spans.includes(name)),
    [],
    results.spans.join(', '),
  );
});
