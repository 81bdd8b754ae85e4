/**
 * @file `up`, `run`, `status`, `cancel` and `down` with real servers, in a distillery home of their own.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { isSameProcess, processIdentity } from '../../cli/state/process-identity.js';
import { type ServicesState, StateFile } from '../../cli/state/state-file.js';
import { freePorts, isFree } from '../../servers/ports.js';
import { distilleryHome, homeLayout } from '../../setup/home.js';
import { packageRoot } from '../../setup/package-root.js';
import { setup } from '../../setup/index.js';

const main = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'distillery-up-'));
const stateFile = new StateFile(homeLayout(home).state);
const environment = {
  PATH: process.env['PATH'],
  HOME: home,
  DISTILLERY_HOME: home,
};
let ports: number[] = [];

before(async () => {
  await setup({ say: () => undefined, only: ['temporal', 's3'] });
  mkdirSync(home, { recursive: true });
  // Programs and data sets are shared; state is not.
  symlinkSync(homeLayout(distilleryHome()).installs, homeLayout(home).installs);
  ports = await freePorts(3);
});

after(async () => {
  await distillery(['down']);
  rmSync(home, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly out: () => string;
  /** What it said on both streams, in order. */
  readonly said: () => string;
}

function start(words: readonly string[]): Started {
  const child = spawn(process.execPath, [main, ...words], { cwd: packageRoot(), env: environment });
  let out = '';
  let err = '';
  let said = '';
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
    said += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    err += String(chunk);
    said += String(chunk);
  });
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, out, err })));
  return { child, ended, out: () => out, said: () => said };
}

function distillery(words: readonly string[]): Promise<Ended> {
  return start(words).ended;
}

function up(...words: string[]): string[] {
  const [temporal = 0, ui = 0, s3 = 0] = ports;
  return ['up', '--port', String(temporal), '--ui-port', String(ui), '--s3-port', String(s3), ...words];
}

async function until(
  condition: () => boolean | Promise<boolean>,
  what: string | (() => string),
  seconds = 60,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > deadline)
      assert.fail(`not within ${seconds} s: ${typeof what === 'string' ? what : what()}`);
    await sleep(100);
  }
}

/** Waits for `up`; shows what it said if it ended instead, or never got so far. */
async function ready({ ended, said, out }: Started): Promise<void> {
  let end: Ended | undefined;
  void ended.then((value) => (end = value));
  await until(
    () => end !== undefined || /up +ready/.test(out()),
    () => `up is ready, which said:\n${said()}`,
  );
  assert.equal(end, undefined, `up ended: ${said()}`);
}

async function portsAreFree(): Promise<boolean> {
  return (await Promise.all(ports.map((port) => isFree(port)))).every(Boolean);
}

test('a whole day in the background: up, run, status, list, cancel, down', async () => {
  const started = await distillery(up('--detach', '--workers', 'pipeline'));
  assert.equal(started.code, 0, started.err + started.out);
  assert.match(started.out, /Running in the background \(process \d+\)/);
  const state = stateFile.read();
  assert.ok(state?.ready);
  const secret = state.environment['AWS_SECRET_ACCESS_KEY'] ?? '';
  assert.ok(secret.length > 20);

  const again = await distillery(up('--detach'));
  assert.equal(again.code, 0);
  assert.match(again.out, /Already running/);
  const second = await distillery(up());
  assert.equal(second.code, 3);
  assert.match(second.err, /already runs here \(process \d+\)\. Stop it with `distillery down`/);

  const run = await distillery(['run', 'pipelines/tiny.yaml', '--workflow-id', 'day', '--detach']);
  assert.equal(run.code, 0, run.err);
  assert.equal(run.out, 'day\n');
  const twice = await distillery(['run', 'pipelines/tiny.yaml', '--workflow-id', 'day', '--detach']);
  assert.equal(twice.code, 2);
  assert.match(twice.err, /A run with the id "day" is under way/);

  // No compute worker: the experts wait for one for ever.
  let status: Ended | undefined;
  await until(async () => {
    status = await distillery(['status', 'day']);
    return /● experts/.test(status.out);
  }, 'the experts stage runs');
  assert.match(status?.out ?? '', /^day {2}tiny {2}running for /);
  assert.match(status?.out ?? '', /○ distill +waits for experts/);
  const json = JSON.parse((await distillery(['status', 'day', '--json'])).out) as {
    stages: { id: string }[];
  };
  assert.deepEqual(
    json.stages.map(({ id }) => id),
    ['experts', 'distill', 'evaluate', 'report'],
  );
  const list = await distillery(['list']);
  assert.match(list.out, /^day +tiny +running /m);
  const artifacts = await distillery(['artifacts', 'get', 'day']);
  assert.equal(artifacts.code, 2);
  assert.match(artifacts.err, /has no results yet \(running\)/);
  const missing = await distillery(['status', 'nobody']);
  assert.equal(missing.code, 2);
  assert.match(missing.err, /There is no run "nobody" here/);

  const refused = async (words: string[], reason: RegExp): Promise<void> => {
    const { code, err } = await distillery(words);
    assert.equal(code, 2, words.join(' '));
    assert.match(err, reason);
  };
  await refused(['pause', 'nobody'], /There is no run "nobody" here/);
  await refused(['resume', 'day'], /It is not paused/);
  await refused(['retry', 'day', 'distil'], /There is no stage "distil"/);
  await refused(['retry', 'day', 'distill'], /has not failed, it is waiting/);
  const paused = await distillery(['pause', 'day', '--reason', 'lunch', '--json']);
  const pause = JSON.parse(paused.out) as { id: string; paused: { since: string; reason: string } };
  assert.deepEqual([pause.id, pause.paused.reason], ['day', 'lunch']);
  await refused(['pause', 'day'], /paused since .* \(lunch\)/);
  assert.match((await distillery(['status', 'day'])).out, /paused since .* \(lunch\)/);
  assert.match((await distillery(['resume', 'day'])).out, /^Resumed day\.\n$/);

  assert.equal((await distillery(['cancel', 'day', '--discard-checkpoints'])).code, 0);
  const watched = await distillery(['status', 'day', '--watch']);
  assert.equal(watched.code, 1, 'a cancelled run has not finished');
  assert.match((await distillery(['status', 'day'])).out, /cancelled after/);
  await refused(['pause', 'day'], /The run "day" is over \(cancelled\)/);

  const log = readFileSync(state.log ?? '', 'utf8');
  assert.match(log, /up +ready/);
  assert.ok(!log.includes(secret), 'no credentials in the log');

  const stopped = await distillery(['down']);
  assert.equal(stopped.code, 0, stopped.err);
  assert.equal(stateFile.read(), undefined);
  assert.ok(await portsAreFree());
  for (const { pid } of state.workers) assert.equal(processIdentity(pid), undefined);
});

test('a taken port is named and nothing is left running', async (context: TestContext) => {
  const squatter = createServer().listen(ports[0], '127.0.0.1');
  context.after(() => squatter.close());
  await until(async () => !(await isFree(ports[0] ?? 0)), 'the port is taken');
  const { code, err } = await distillery(up('--workers', 'none'));
  assert.equal(code, 3);
  assert.match(err, new RegExp(`port ${ports[0] ?? 0} .*in use`));
  assert.equal(stateFile.read(), undefined);
  assert.ok(await isFree(ports[2] ?? 0), 'the other server is stopped');
});

test('after kill -9 nothing survives, and up starts again where it was', async () => {
  const services = start(up('--workers', 'pipeline'));
  const { child, ended } = services;
  await ready(services);
  const state: ServicesState | undefined = stateFile.read();
  assert.ok(state);
  const workers = state.workers.map(({ pid }) => ({ pid, identity: processIdentity(pid) ?? '' }));
  child.kill('SIGKILL');
  await ended;
  await until(portsAreFree, 'the servers are gone', 30);
  await until(
    () => workers.every(({ pid, identity }) => !isSameProcess(pid, identity)),
    'the workers are gone',
    30,
  );
  assert.equal(stateFile.read(), undefined);

  const next = start(up('--workers', 'none'));
  await ready(next);
  assert.match((await distillery(['list'])).out, /^day +tiny +(cancelled|canceled) /m);
  next.child.kill('SIGINT');
  assert.equal((await next.ended).code, 0);
});

test('a worker that dies is started again', async () => {
  const services = start(up('--workers', 'pipeline'));
  const { child, ended, out } = services;
  await ready(services);
  const pid = stateFile.read()?.workers[0]?.pid ?? 0;
  process.kill(pid, 'SIGKILL');
  await until(() => /pipeline +worker ready again/.test(out()), 'the worker is back');
  const now = stateFile.read()?.workers[0]?.pid ?? 0;
  assert.notEqual(now, pid);
  child.kill('SIGINT');
  assert.equal((await ended).code, 0);
  assert.equal(processIdentity(now), undefined);
});
