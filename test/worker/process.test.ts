/**
 * @file The worker process: what it says when it cannot start, and how it leaves.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { connectWorker } from '../../worker/connection.js';
import { describeEvent } from '../../worker/events.js';
import { onStopSignals } from '../../worker/stop-signals.js';

describe('worker process', () => {
  it('names the address when Temporal does not answer', async () => {
    const port = await freePort();
    process.env['TEMPORAL_ADDRESS'] = `127.0.0.1:${port}`;
    const started = performance.now();
    await assert.rejects(connectWorker(0.5), (error) => {
      assert.ok(error instanceof Error);
      assert.equal(error.name, 'ServerUnavailable');
      assert.match(error.message, new RegExp(`does not answer at 127.0.0.1:${port}.*TEMPORAL_ADDRESS`));
      return true;
    });
    assert.ok(performance.now() - started < 30_000);
  });

  it('asks to stop at the first signal and takes its handlers away', async () => {
    const asked: string[] = [];
    const before = process.listenerCount('SIGTERM');
    const release = onStopSignals(
      (signal) => asked.push(signal),
      () => assert.fail('nobody insisted'),
    );
    // Waiting for a signal does not keep a process alive.
    const alive = setTimeout(() => undefined, 10_000);
    const arrived = once(process, 'SIGTERM');
    process.kill(process.pid, 'SIGTERM');
    await arrived;
    clearTimeout(alive);
    assert.deepEqual(asked, ['SIGTERM']);
    release();
    assert.equal(process.listenerCount('SIGTERM'), before);
  });

  it('puts events in one line', () => {
    assert.equal(
      describeEvent({ type: 'listening', queue: 'distillery-gpu', slots: 2 }),
      'listening on distillery-gpu, 2 at once',
    );
    assert.equal(
      describeEvent({
        type: 'task',
        state: 'failed',
        task: 'trainExpert',
        unit: 'expert 3',
        workflowId: 'fmnist/experts',
        runId: 'r',
        seconds: 12.34,
        error: 'no space left',
      }),
      'fmnist/experts expert 3 failed after 12.3 s: no space left',
    );
  });
});

/** A port nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
