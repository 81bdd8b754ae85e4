/**
 * @file The state file: who holds it, what it reveals, and whom `down` may stop.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { clientEnvironment } from '../../cli/state/client-environment.js';
import { processIdentity } from '../../cli/state/process-identity.js';
import { type ServicesState, StateFile } from '../../cli/state/state-file.js';
import { stopServices } from '../../cli/state/stop-process.js';

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'distillery-state-'));
  context.after(() => rmSync(path, { recursive: true }));
  return join(path, 'state');
}

function sleeper(context: TestContext): { pid: number; ended: Promise<unknown> } {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  context.after(() => child.kill('SIGKILL'));
  return { pid: child.pid!, ended: once(child, 'exit') };
}

test('one process holds the place; only it sees itself in it; it is private', (context) => {
  const file = new StateFile(folder(context));
  assert.equal(file.read(), undefined);
  const state = file.claim('up');
  assert.equal(statSync(file.path).mode & 0o777, 0o600);
  assert.equal(file.read()?.pid, process.pid);
  assert.throws(() => file.claim('demo'), { code: 'ServerUnavailable', message: /distillery down/ });
  file.write({ ...state, ready: true, environment: { S3_ENDPOINT: 'http://127.0.0.1:1' } });
  assert.equal(file.read()?.ready, true);
  assert.equal(statSync(file.path).mode & 0o777, 0o600);
  file.release();
  assert.equal(file.read(), undefined);
});

test('a place left by a dead process, or one whose number was given away, is free', (context) => {
  const file = new StateFile(folder(context));
  const state = file.claim('up');
  file.write({ ...state, identity: 'another start time' });
  assert.equal(file.read(), undefined);
  assert.equal(file.claim('demo').command, 'demo');
});

test('a damaged file is as good as none', (context) => {
  const file = new StateFile(folder(context));
  file.claim('up');
  writeFileSync(file.path, '{"version":1,');
  assert.equal(file.read(), undefined);
});

test('stopping ends the process that is meant and waits for it', async (context) => {
  const { pid, ended } = sleeper(context);
  await stopServices(stateOf(pid, processIdentity(pid)!));
  await ended;
  assert.equal(processIdentity(pid), undefined);
});

test('stopping leaves a process alone that only has the same number', async (context) => {
  const { pid } = sleeper(context);
  await stopServices(stateOf(pid, 'another start time'));
  assert.ok(processIdentity(pid) !== undefined);
});

test('a user with servers of their own keeps them, group by group', () => {
  const running = {
    ...stateOf(1, ''),
    environment: {
      TEMPORAL_ADDRESS: '127.0.0.1:7233',
      S3_ENDPOINT: 'http://127.0.0.1:8333',
      AWS_ACCESS_KEY_ID: 'generated',
    },
  };
  const merged = clientEnvironment({ TEMPORAL_ADDRESS: 'mine:7233', AWS_ACCESS_KEY_ID: 'mine' }, running);
  assert.equal(merged['TEMPORAL_ADDRESS'], 'mine:7233');
  assert.equal(merged['S3_ENDPOINT'], 'http://127.0.0.1:8333');
  assert.equal(merged['AWS_ACCESS_KEY_ID'], 'generated', 'belongs to the endpoint that is used');
  const own = clientEnvironment({ S3_ENDPOINT: 'http://s3', AWS_ACCESS_KEY_ID: 'mine' }, running);
  assert.equal(own['AWS_ACCESS_KEY_ID'], 'mine');
  assert.equal(own['TEMPORAL_ADDRESS'], '127.0.0.1:7233');
});

function stateOf(pid: number, identity: string): ServicesState {
  return {
    version: 1,
    pid,
    identity,
    command: 'up',
    startedAt: '2026-11-24T12:00:00.000Z',
    ready: true,
    environment: {},
    workers: [],
  };
}
