/**
 * @file Large pipelines, and many at once, on the servers that come along: nothing is lost, done twice or mixed up.
 * `node dist/bench/orchestration/scale.js` runs larger ones.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import {
  runMatrix,
  runTogether,
  type AtScale,
  type Connections,
} from '../../bench/orchestration/scale-runs.js';
import { startEmbedded, type EmbeddedServers } from '../../servers/embedded.js';
import { quietRuntime } from '../support/temporal.js';

describe('at scale', () => {
  let servers: EmbeddedServers;
  let connection: Connection;
  let connections: Connections & { readonly nativeConnection: NativeConnection };
  before(async () => {
    quietRuntime();
    servers = await startEmbedded({ ephemeral: true });
    const address = servers.temporalAddress;
    connection = await Connection.connect({ address });
    const nativeConnection = await NativeConnection.connect({ address });
    connections = { client: new Client({ connection }), nativeConnection };
  });
  after(async () => {
    await connections.nativeConnection.close();
    await connection.close();
    await servers.stop();
  });

  it('a matrix of 30 cells runs to its end', async (t) => {
    const measured = await runMatrix(connections, 5, 6);
    assert.deepEqual([measured.stages, measured.problems], [2 + 2 * 30, []]);
    staysSmall(measured, t);
  });

  it('20 pipelines at once run to their end', async (t) => {
    const measured = await runTogether(connections, 20);
    assert.deepEqual([measured.pipelines, measured.stages, measured.problems], [20, 80, []]);
    staysSmall(measured, t);
  });
});

/** Of 51,200 events, 2 MiB for a payload and 4 MiB for a message, which a pipeline of 3,000 stages must keep to. */
function staysSmall(
  { pipelines, stages, events, historyBytes, largestPayload, seconds }: AtScale,
  t: TestContext,
) {
  const each = stages / pipelines;
  t.diagnostic(`${stages} stages in ${seconds.toFixed(1)} s, ${events} events, ${historyBytes} bytes`);
  assert.ok(events < 40 + 10 * each, `${events} events`);
  assert.ok(historyBytes < 50_000 + 10_000 * each, `${historyBytes} bytes`);
  assert.ok(largestPayload < 500_000, `a payload of ${largestPayload} bytes`);
}
