/**
 * @file Workers as they are operated, on real servers: what they log, measure and answer about their health
 * through a run with a failed attempt and a lost worker; that the dashboard asks for what is measured; and
 * that no secret of their environment is found in anything that the run leaves, or that commands say of it.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import protos from '@temporalio/proto';
import { metricDescriptions } from '../../activities/metric-names.js';
import { openStore } from '../../artifacts/s3-store.js';
import { formatCodecKey, generateCodecKey } from '../../codec/keys.js';
import { connectionEnvironment } from '../../servers/connection.js';
import { startEmbedded, type EmbeddedServers } from '../../servers/embedded.js';
import { freePorts } from '../../servers/ports.js';
import { packageRoot } from '../../setup/package-root.js';
import { CommandProcess } from '../support/command.js';

const { History } = protos.temporal.api.history.v1;
const apiKey = 'planted-api-key-0123456789';
const codecKey = generateCodecKey('k');
const plantedWrong = 'planted-wrong-key-0123456789';

let folder: string;
let servers: EmbeddedServers;
let client: Client;
let environment: NodeJS.ProcessEnv;
const processes: CommandProcess[] = [];
/** What collectors were sent: the last answer of each worker to Prometheus, and all traces. */
const collected = new Map<string, string>();
const traces = createServer((request, response) => {
  request.setEncoding('latin1');
  const add = (text: string) => collected.set('traces', (collected.get('traces') ?? '') + text);
  request.on('data', add).on('end', () => response.end('{}'));
  add(JSON.stringify(request.headers));
});
/** Every series seen at any worker, by name. */
const series = new Map<string, Map<string, number>>();

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'distillery-operations-'));
  servers = await startEmbedded({ ephemeral: true });
  client = new Client({ connection: await Connection.connect({ address: servers.temporalAddress }) });
  await new Promise<void>((resolve) => traces.listen(0, '127.0.0.1', resolve));
  environment = {
    ...process.env,
    ...connectionEnvironment(servers),
    DISTILLERY_CODEC_KEY: formatCodecKey(codecKey),
    TEMPORAL_API_KEY: apiKey,
    TEMPORAL_TLS: 'false',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(traces.address() as AddressInfo).port}`,
  };
});

after(async () => {
  await Promise.all(processes.map((one) => one.end('SIGKILL')));
  await client.connection.close();
  await servers.stop();
  traces.close();
  await rm(folder, { recursive: true, force: true });
});

interface WatchedWorker {
  readonly command: CommandProcess;
  readonly health: (path: string) => Promise<number>;
  readonly scrape: () => Promise<void>;
}

async function startWorker(queue: 'pipeline' | 'compute', ...more: string[]): Promise<WatchedWorker> {
  const [health, metrics] = (await freePorts(2)) as [number, number];
  const command = new CommandProcess(
    [
      ...['worker', '--queue', queue, '--threads', '1', '--log-format', 'json'],
      ...['--health', String(health), '--metrics', String(metrics), ...more],
    ],
    environment,
  );
  processes.push(command);
  return {
    command,
    health: async (path) => {
      const answer = await fetch(`http://127.0.0.1:${health}${path}`).catch(() => undefined);
      return answer?.status ?? 0;
    },
    scrape: async () => {
      const answer = await fetch(`http://127.0.0.1:${metrics}/metrics`).catch(() => undefined);
      const text = (await answer?.text()) ?? '';
      if (text !== '') collected.set(`metrics of process ${command.pid}`, text);
      for (const line of text.split('\n')) {
        const [, name = '', labels = '', value] = /^(\w+)(\{.*\})? ([^ ]+)$/.exec(line) ?? [];
        if (value === undefined) continue;
        const known = series.get(name) ?? new Map<string, number>();
        series.set(name, known.set(labels, Math.max(Number(value), known.get(labels) ?? 0)));
      }
    },
  };
}

async function until(what: string, reached: () => boolean | Promise<boolean>, seconds = 90): Promise<void> {
  for (let waited = 0; waited < seconds; waited += 0.05) {
    if (await reached()) return;
    await delay(50);
  }
  throw new Error(`not within ${seconds} s: ${what}`);
}

/** Processes started by this one. */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
      return Number(parent) === pid ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

const total = (name: string) =>
  [...(series.get(name)?.values() ?? [])].reduce((sum, value) => sum + value, 0);
const chunks = ({ command }: WatchedWorker) =>
  command.stdout
    .split('\n')
    .filter((line) =>
      /"task":"distillChunk".*"state":"started"|"state":"started".*"task":"distillChunk"/.test(line),
    ).length;

test(
  'a run with a failed attempt and a lost worker is told by logs, metrics and health',
  { timeout: 480_000 },
  async () => {
    const pipelines = await startWorker('pipeline', '--deployment-name', 'distillery', '--build-id', 'one');
    const first = await startWorker('compute', '--checkpoint-interval', '0');
    await until('alive before ready', async () => (await pipelines.health('/livez')) === 200);
    for (const worker of [pipelines, first])
      await until('ready', async () => (await worker.health('/readyz')) === 200);
    assert.equal(await pipelines.health('/'), 404);

    // Nobody has said yet that the version takes runs.
    const { workflowService } = client.connection;
    await until('version known', async () => {
      const set = workflowService.setWorkerDeploymentCurrentVersion({
        namespace: 'default',
        deploymentName: 'distillery',
        buildId: 'one',
      });
      return set.then(
        () => true,
        () => false,
      );
    });

    const definition = join(folder, 'tiny.yaml');
    const text = await readFile(join(packageRoot(), 'pipelines', 'tiny.yaml'), 'utf8');
    // One long chunk: whoever dies while it is computed dies in the middle of work.
    const long = text
      .replace('every: 3', 'every: 1000')
      .replace('chunk: { iterations: 2 }', 'chunk: { iterations: 1000 }\n    heartbeatTimeout: 3s');
    await writeFile(definition, long);
    const start = new CommandProcess(
      ['run', definition, '--workflow-id', 'watched', '--param', 'iterations=400', '--detach'],
      environment,
    );
    assert.equal(await start.status(), 0, start.said);
    await until('distilling', () => chunks(first) >= 1);
    // The compute process dies: a failure of the work.
    await until('iterations', async () => {
      await first.scrape();
      return (series.get('distillery_matching_loss')?.size ?? 0) > 0;
    });
    const children = childrenOf(first.command.pid);
    assert.equal(children.length, 1);
    // What loads networks of strangers knows the store, and neither Temporal nor the codec.
    const inherited = readFileSync(`/proc/${children[0]!}/environ`, 'utf8').split('\0');
    assert.ok(inherited.some((line) => line.startsWith('AWS_SECRET_ACCESS_KEY=')));
    assert.deepEqual(
      inherited
        .filter((line) => /^(TEMPORAL|DISTILLERY_CODEC)_/.test(line))
        .map((line) => line.replace(/=.*/, '')),
      [],
    );
    process.kill(children[0]!, 'SIGKILL');
    await until('another attempt', () => chunks(first) >= 2);
    await until('what happened in the metrics', async () => {
      await Promise.all([pipelines.scrape(), first.scrape()]);
      return total('distillery_checkpoint_bytes_count') > 3 && total('distillery_failures_total') > 0;
    });
    // The worker dies without a word: a preemption.
    await first.command.end('SIGKILL');
    const second = await startWorker('compute', '--checkpoint-interval', '0');
    const handle = client.workflow.getHandle('watched');
    await until('the end', async () => {
      await Promise.all([pipelines.scrape(), second.scrape()]);
      return (await handle.describe()).status.name !== 'RUNNING';
    });
    assert.equal((await handle.describe()).status.name, 'COMPLETED');
    await Promise.all([pipelines.scrape(), second.scrape()]);

    const exported = (name: string) => ({
      counter: `${name}_total`,
      gauge: name,
      histogram: `${name}_bucket`,
    });
    for (const [name, { kind }] of Object.entries(metricDescriptions)) {
      const [there] = [...series.keys()].filter((known) => known === exported(name)[kind]);
      // Seconds are counted whole, and so little may be lost that there is none.
      if (name !== 'distillery_lost_seconds') assert.ok(there, `${name} is exported`);
    }
    assert.ok(total('distillery_preemptions_total') >= 1);
    assert.ok(total('distillery_failures_total') >= 1);
    assert.ok(total('distillery_iterations_total') >= 60);
    assert.match(
      [...(series.get('distillery_matching_loss')?.keys() ?? [])].join(),
      /workflow="watched\/distill"/,
    );

    // Lines of workflows come a moment later, at the latest with the end of their worker.
    await pipelines.command.end('SIGTERM');
    const events = (worker: WatchedWorker) =>
      worker.command.stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const { runId } = await client.workflow.getHandle('watched/distill').describe();
    const told = (worker: WatchedWorker, wanted: Record<string, unknown>) =>
      assert.ok(
        events(worker).some((event) =>
          Object.entries(wanted).every(([name, value]) => event[name] === value),
        ),
        `${JSON.stringify(wanted)} in ${worker.command.stdout.slice(-3000)}`,
      );
    const where = { workflowId: 'watched/distill', runId, stage: 'distill' };
    told(pipelines, { event: 'stage', message: 'watched/distill stage finished', level: 'info', ...where });
    told(pipelines, { event: 'stage', message: 'watched pipeline finished', workflowId: 'watched' });
    told(first, { event: 'task', task: 'distillChunk', state: 'failed', level: 'error', ...where });
    told(second, { event: 'task', task: 'distillChunk', state: 'finished', ...where });
    for (const event of events(pipelines)) assert.match(String(event['time']), /^\d{4}-\d\d-\d\dT.*Z$/);

    // Leaving, it is alive and takes no work; then it is gone.
    await second.command.end('SIGTERM');
    assert.match(second.command.stdout, /"event":"stopped"/);
    assert.equal(await second.health('/livez'), 0);
  },
);

test('metrics have the values of the run', async () => {
  const store = await openStore(connectionEnvironment(servers));
  const losses: number[] = [];
  for await (const { key } of store.list('results/tiny/watched/')) {
    if (!key.endsWith('/metrics.jsonl')) continue;
    const text = Buffer.from((await store.getObject(key)) ?? []).toString();
    for (const line of text.split('\n').filter((one) => one !== ''))
      losses.push((JSON.parse(line) as { loss: number }).loss);
  }
  assert.equal(losses.length, 400);
  const one = (name: string, label: string): number => {
    const [value] = [...(series.get(name) ?? [])].flatMap(([labels, of]) =>
      labels.includes(label) ? [of] : [],
    );
    assert.ok(value !== undefined, `${name}{${label}}`);
    return value;
  };
  const loss = one('distillery_matching_loss', 'workflow="watched/distill"');
  assert.ok(
    losses.some((known) => Math.abs(known - loss) <= 1e-6 * Math.abs(loss)),
    `a loss of ${loss}`,
  );
  const speed = one('distillery_iterations_per_second', 'task="distillChunk"');
  assert.ok(speed > 0.05 && speed < 5000, `${speed} iterations a second`);
  const [count, bytes, seconds] = ['bytes_count', 'bytes_sum', 'seconds_sum'].map((name) =>
    one(`distillery_checkpoint_${name}`, 'task="distillChunk"'),
  ) as [number, number, number];
  // At the least ten images of 28x28 in four bytes.
  assert.ok(bytes / count > 31_360 && bytes / count < 1e6, `checkpoints of ${bytes / count} bytes`);
  assert.ok(seconds / count > 0 && seconds / count < 10, `checkpoints in ${seconds / count} s`);
  const memory = one('distillery_device_memory_bytes', 'device="cpu"');
  assert.ok(memory > 5e7 && memory < totalmem(), `${memory} bytes of memory`);
  // One process was killed.
  assert.equal(one('distillery_failures_total', 'final="false"'), 1);
});

test('the dashboard asks for metrics that there are', () => {
  const path = join(packageRoot(), 'deploy', 'grafana', 'distillery.json');
  const { panels } = JSON.parse(readFileSync(path, 'utf8')) as {
    panels: { title: string; targets?: { expr: string }[] }[];
  };
  const asked = new Set<string>();
  for (const { title, targets = [] } of panels)
    for (const { expr } of targets) {
      const names = expr.match(/\b(?:distillery|temporal)_\w+/g) ?? [];
      assert.ok(names.length > 0, title);
      for (const name of names) asked.add(name);
    }
  // Little may have been lost; that counter is there all the same.
  asked.delete('distillery_lost_seconds_total');
  for (const name of asked) assert.ok(series.has(name), `${name} is exported`);
  for (const [name, { kind }] of Object.entries(metricDescriptions)) {
    const suffix = { counter: '_total', gauge: '', histogram: '_bucket' }[kind];
    if (name !== 'distillery_lost_seconds')
      assert.ok(asked.has(name + suffix), `${name} is on the dashboard`);
  }
});

/** What commands say: of a run, and of secrets that are wrong. */
async function sayings(): Promise<Map<string, string>> {
  const wrong: Readonly<Record<string, string>>[] = [
    { AWS_SECRET_ACCESS_KEY: plantedWrong },
    { DISTILLERY_CODEC_KEY: plantedWrong },
    { DISTILLERY_CODEC_KEY: `k:${plantedWrong}` },
    { TEMPORAL_TLS: 'true' },
    { TEMPORAL_ADDRESS: '127.0.0.1:1' },
  ];
  const asked: [words: string[], environment: NodeJS.ProcessEnv, status: number][] = [
    [['status', 'watched', '--json'], environment, 0],
    [['status', 'watched'], environment, 0],
    [['logs', 'watched'], environment, 0],
    [['list', '--json'], environment, 0],
    ...wrong.map((changed): [string[], NodeJS.ProcessEnv, number] => [
      ['artifacts', 'get', 'watched', '--to', join(folder, 'got')],
      { ...environment, ...changed },
      1,
    ]),
  ];
  const said = new Map<string, string>();
  await Promise.all(
    asked.map(async ([words, its, status], index) => {
      const command = new CommandProcess(words, its);
      const ended = await command.status();
      assert.equal(ended === 0 ? 0 : 1, status, `${words.join(' ')}: ${command.said}`);
      assert.notEqual(command.said, '');
      said.set(`${index}. ${words.join(' ')}`, command.said);
    }),
  );
  return said;
}

test('no secret is in anything that is kept, sent or said', { timeout: 120_000 }, async () => {
  const secrets = {
    'API key': apiKey,
    'codec key': formatCodecKey(codecKey).replace(/^.*:/, ''),
    'secret key of the store': servers.s3.secretKey,
    'wrong key': plantedWrong,
  };
  const places = new Map<string, Buffer>();
  for (const { said, pid } of processes) places.set(`output of process ${pid}`, Buffer.from(said));
  for (const [place, text] of [...collected, ...(await sayings())]) places.set(place, Buffer.from(text));
  for await (const { workflowId, runId } of client.workflow.list()) {
    const handle = client.workflow.getHandle(workflowId, runId);
    places.set(`history of ${workflowId}`, Buffer.from(History.encode(await handle.fetchHistory()).finish()));
    places.set(`description of ${workflowId}`, Buffer.from(JSON.stringify((await handle.describe()).raw)));
  }
  const store = await openStore(connectionEnvironment(servers));
  for await (const { key } of store.list(''))
    places.set(key, Buffer.from((await store.getObject(key)) ?? new Uint8Array()));
  assert.ok(
    [...places.keys()].some((place) => place.startsWith('results/tiny/watched/')),
    'the report is searched',
  );
  assert.ok(places.has('history of watched/distill'));
  assert.ok(places.get('traces')?.includes('watched/distill'), 'traces are searched');
  const searched = [...places.keys()].filter((place) => place.startsWith('metrics of'));
  assert.equal(searched.length, 3, 'metrics of all workers are searched');
  for (const [place, content] of places)
    for (const [what, secret] of Object.entries(secrets)) {
      const forms = [
        secret,
        Buffer.from(secret).toString('base64'),
        encodeURIComponent(secret),
        Buffer.from(codecKey.secret),
      ];
      for (const form of forms) assert.equal(content.includes(form), false, `${what} in ${place}`);
    }
  // That the search finds what is there.
  assert.ok(places.get('history of watched/distill')?.includes('watched'));
});
