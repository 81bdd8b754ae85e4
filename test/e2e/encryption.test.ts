/**
 * @file Payload encryption on real servers: a pipeline started by somebody who has the keys leaves no readable
 * word with Temporal, Temporal's own tools read it through the codec endpoint, it replays, and who has no
 * keys can still start one.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import protos from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { withCodec } from '../../codec/data-converter.js';
import { serveCodec, type CodecEndpoint } from '../../codec/endpoint.js';
import { codecKeysFrom, formatCodecKey, generateCodecKey } from '../../codec/keys.js';
import { EncryptingCodec } from '../../codec/payload-codec.js';
import { connectionEnvironment } from '../../servers/connection.js';
import { startEmbedded, type EmbeddedServers } from '../../servers/embedded.js';
import { distilleryHome } from '../../setup/home.js';
import { packageRoot } from '../../setup/package-root.js';
import { ensureTemporal } from '../../setup/temporal.js';
import { workflowSource } from '../../worker/bundle.js';
import { CommandProcess } from '../support/command.js';
import { quietRuntime } from '../support/temporal.js';

const { History } = protos.temporal.api.history.v1;
const planted = { name: 'plantedname', comment: 'plantedcomment', mistake: 'plantedmistake' };

let folder: string;
let servers: EmbeddedServers;
let plain: Client;
let temporalBinary: string;
let endpoint: CodecEndpoint;
let environment: NodeJS.ProcessEnv;
let worker: CommandProcess;
const keys = [generateCodecKey('second'), generateCodecKey('first')];

before(async () => {
  quietRuntime();
  folder = await mkdtemp(join(tmpdir(), 'distillery-codec-'));
  servers = await startEmbedded({ ephemeral: true });
  plain = new Client({ connection: await Connection.connect({ address: servers.temporalAddress }) });
  const provision = await ensureTemporal(distilleryHome(), () => undefined, { PATH: process.env['PATH'] });
  if (provision.kind !== 'binary') throw new Error('these tests need the temporal command');
  temporalBinary = provision.path;
  const keyFile = join(folder, 'codec.keys');
  await writeFile(keyFile, keys.map(formatCodecKey).join('\n'));
  environment = { ...process.env, ...connectionEnvironment(servers), DISTILLERY_CODEC_KEY_FILE: keyFile };
  endpoint = await serveCodec({ codec: new EncryptingCodec(keys), host: '127.0.0.1', port: 0, origins: [] });
  worker = new CommandProcess(['worker', '--queue', 'both', '--threads', '1'], environment);
  await worker.says(/listening on distillery-gpu/);
});

after(async () => {
  await worker.end('SIGKILL');
  await endpoint.close();
  await plain.connection.close();
  await servers.stop();
  await rm(folder, { recursive: true, force: true });
});

async function temporal(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    temporalBinary,
    [...args, '--address', servers.temporalAddress],
    { maxBuffer: 2 ** 26 },
  );
  return stdout;
}

/** The command's JSON with the bytes of payloads as text beside it. */
function readable(json: string): string {
  const bytes = [...json.matchAll(/"data": "([^"]+)"/g)].map(([, data = '']) => Buffer.from(data, 'base64'));
  return [json, ...bytes.map(String)].join('\n');
}

async function distillery(...words: string[]): Promise<string> {
  const command = new CommandProcess(words, environment);
  assert.equal(await command.status(), 0, command.said);
  return command.stdout;
}

async function definition(change: (text: string) => string): Promise<string> {
  const text = await readFile(join(packageRoot(), 'pipelines', 'tiny.yaml'), 'utf8');
  const path = join(folder, `${Math.random()}.yaml`);
  await writeFile(path, change(text));
  return path;
}

/** All histories of a run and its stages, as the server sends them. */
async function histories(workflowId: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const { workflowId: id, runId } of plain.workflow.list()) {
    if (id !== workflowId && !id.startsWith(`${workflowId}/`)) continue;
    parts.push(History.encode(await plain.workflow.getHandle(id, runId).fetchHistory()).finish());
  }
  return Buffer.concat(parts);
}

test(
  'no word of a definition, a result or a failure is readable at the server',
  { timeout: 300_000 },
  async () => {
    const good = await definition(
      (text) => `# ${planted.comment}\n${text.replace('name: tiny', `name: ${planted.name}`)}`,
    );
    const said = await distillery('run', good, '--workflow-id', 'secret', '--param', 'iterations=2');
    assert.match(said, /accuracy/i);
    const bad = await definition((text) => text.replace('uses: report', `uses: ${planted.mistake}`));
    // Not by `run`, which would refuse the definition before it is sent.
    const converter = withCodec(undefined, keys)!;
    const secret = new Client({ connection: plain.connection, dataConverter: converter });
    const failing = await secret.workflow.start('pipeline', {
      taskQueue: 'distillery',
      workflowId: 'secret-mistake',
      args: [await readFile(bad, 'utf8')],
    });
    await assert.rejects(failing.result(), (error) => {
      assert.ok(error instanceof Error && error.cause instanceof Error);
      assert.match(error.cause.message, new RegExp(planted.mistake));
      return true;
    });

    const finished = await histories('secret');
    const failed = await histories('secret-mistake');
    // What is there, so that the search can find something: ids, types, codes and queues stay readable.
    for (const word of ['secret/distill', 'trainExpert', 'distillery-gpu'])
      assert.ok(finished.includes(word), word);
    assert.ok(failed.includes('InvalidDefinition'));
    const words = [...Object.values(planted), 'ConvNet', 'fashion-mnist', 'sha256', 'learnedRate', 'stages:'];
    for (const word of words) {
      assert.equal(finished.includes(word), false, `${word} in the history of a run`);
      assert.equal(failed.includes(word), false, `${word} in the history of a failure`);
    }

    // Temporal's own command, with and without the endpoint.
    const show = ['workflow', 'show', '--output', 'json', '--workflow-id'];
    const { stages } = JSON.parse(await distillery('status', 'secret', '--json')) as {
      stages: { state: string }[];
    };
    assert.ok(stages.every(({ state }) => state === 'finished'));
    const shut = await temporal(...show, 'secret-mistake');
    assert.equal(readable(shut).includes(planted.mistake), false);
    assert.match(shut, /Encoded failure/);
    const through = ['--codec-endpoint', endpoint.url];
    assert.ok(readable(await temporal(...show, 'secret-mistake', ...through)).includes(planted.mistake));
    assert.ok(readable(await temporal(...show, 'secret', ...through)).includes(planted.name));

    const source = await workflowSource({ encrypts: true });
    for (const id of ['secret', 'secret/distill', 'secret-mistake']) {
      const history = await plain.workflow.getHandle(id).fetchHistory();
      await Worker.runReplayHistory({ ...source, dataConverter: converter }, history, id);
    }
  },
);

test(
  'a definition that was started without keys runs, and what follows is encrypted',
  { timeout: 120_000 },
  async () => {
    const path = await definition((text) => text.replace('name: tiny', `name: ${planted.name}`));
    const options = join(folder, 'options.json');
    await writeFile(options, '{"params": {"iterations": 2}}');
    await temporal(
      ...[
        'workflow',
        'start',
        '--type',
        'pipeline',
        '--task-queue',
        'distillery',
        '--workflow-id',
        'by-hand',
      ],
      ...['--input-file', path, '--input-meta', 'encoding=binary/plain'],
      ...['--input-file', options, '--input-meta', 'encoding=json/plain'],
    );
    await plain.workflow
      .getHandle('by-hand')
      .result()
      .catch(() => undefined);
    const { status } = await plain.workflow.getHandle('by-hand').describe();
    assert.equal(status.name, 'COMPLETED');
    const history = await histories('by-hand');
    assert.ok(history.includes(planted.name), 'the definition was sent readable');
    assert.equal(history.includes('learnedRate'), false, 'the results were not');
    // With the other key first, all of it is still read.
    const other = codecKeysFrom({ DISTILLERY_CODEC_KEY: [...keys].reverse().map(formatCodecKey).join(',') });
    const converter = withCodec(undefined, other)!;
    const client = new Client({ connection: plain.connection, dataConverter: converter });
    assert.equal(
      ((await client.workflow.getHandle('by-hand').result()) as { name: string }).name,
      planted.name,
    );
  },
);
