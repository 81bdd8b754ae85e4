/**
 * @file Health over HTTP, and the lines that a worker writes for machines.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { listenAddress } from '../../cli/listen-address.js';
import { jsonLog } from '../../cli/terminal/json-log.js';
import { terminalInMemory } from '../../cli/terminal/terminal.js';
import { serveHealth } from '../../worker/health.js';
import { deploymentOptions } from '../../worker/versioning.js';
import { WorkerHealth } from '../../worker/worker-health.js';

describe('health', () => {
  it('answers for being alive and for being ready', async (t) => {
    const state: { broken?: string; unready?: string | Error } = {};
    const server = await serveHealth(
      { host: '127.0.0.1', port: 0 },
      {
        broken: () => state.broken,
        unready: () =>
          state.unready instanceof Error ? Promise.reject(state.unready) : Promise.resolve(state.unready),
      },
    );
    t.after(() => server.close());
    const ask = async (path: string, method = 'GET') => {
      const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
      return [answer.status, (await answer.text()).trim()];
    };
    assert.deepEqual(await ask('/livez'), [200, 'ok']);
    assert.deepEqual(await ask('/readyz'), [200, 'ok']);
    assert.deepEqual(await ask('/readyz', 'HEAD'), [200, '']);
    state.unready = 'starting';
    assert.deepEqual(await ask('/readyz'), [503, 'starting']);
    assert.deepEqual(await ask('/livez'), [200, 'ok']);
    state.unready = new Error('a secret reason');
    assert.deepEqual(await ask('/readyz'), [503, 'failed']);
    state.broken = 'a worker has failed';
    assert.deepEqual(await ask('/livez'), [503, 'a worker has failed']);
    assert.equal((await ask('/'))[0], 404);
    assert.equal((await ask('/livez', 'POST'))[0], 405);
    await assert.rejects(
      serveHealth({ host: '127.0.0.1', port: server.port }, new WorkerHealth()),
      /cannot listen on 127\.0\.0\.1:\d+.*--health/,
    );
  });

  it('of a worker that has not begun, or is leaving, is alive and not ready', async () => {
    const health = new WorkerHealth();
    assert.equal(health.broken(), undefined);
    assert.equal(await health.unready(), 'starting');
    health.leaves();
    assert.equal(await health.unready(), 'leaving');
  });
});

describe('addresses to listen on', () => {
  it('are of this machine unless they say otherwise', () => {
    assert.deepEqual(listenAddress('8080'), { host: '127.0.0.1', port: 8080 });
    assert.deepEqual(listenAddress('0.0.0.0:8080'), { host: '0.0.0.0', port: 8080 });
    assert.deepEqual(listenAddress('[::1]:80'), { host: '::1', port: 80 });
    for (const text of ['', 'host', ':80', 'a:b', '1:2:3', '0.0.0.0:70000', '80 '])
      assert.throws(() => listenAddress(text), /port|Ports|whole number/i, text);
  });
});

describe('lines of JSON', () => {
  it('carry ids and a sentence, one line for each event, with nothing that a terminal obeys', () => {
    const terminal = terminalInMemory();
    const log = jsonLog(terminal, 'compute');
    log({
      ...{ type: 'task', state: 'failed', task: 'distillChunk', unit: 'iterations' },
      ...{
        workflowId: 'fmnist/distill',
        runId: 'r',
        seconds: 1.5,
        error: 'line\nline \u001b[31m\u009b1m\u202e',
      },
    });
    log({ type: 'warning', message: 'w', workflowId: 'fmnist' });
    const [first = '', second = '', ...more] = terminal.text.trim().split('\n');
    assert.deepEqual(more, []);
    assert.doesNotMatch(terminal.text.replaceAll('\n', ''), /[\u0000-\u001f\u007f-\u009f\u202e]/);
    const event = JSON.parse(first) as Record<string, unknown>;
    assert.equal(event['level'], 'error');
    assert.equal(event['stage'], 'distill');
    assert.equal(event['runId'], 'r');
    assert.equal(event['error'], 'line\nline \u001b[31m\u009b1m\u202e');
    assert.match(String(event['message']), /^fmnist\/distill iterations failed after 1\.5 s: line/);
    assert.equal((JSON.parse(second) as Record<string, unknown>)['level'], 'warn');
  });
});

describe('worker versioning', () => {
  it('is the SDK’s, and pinned unless it says otherwise', () => {
    assert.deepEqual(deploymentOptions(undefined), {});
    const version = { deploymentName: 'distillery', buildId: '1' };
    const { workerDeploymentOptions } = deploymentOptions(version);
    assert.equal(workerDeploymentOptions?.defaultVersioningBehavior, 'PINNED');
    assert.equal(workerDeploymentOptions.useWorkerVersioning, true);
    assert.equal(
      deploymentOptions({ ...version, behavior: 'auto-upgrade' }).workerDeploymentOptions
        ?.defaultVersioningBehavior,
      'AUTO_UPGRADE',
    );
  });
});
