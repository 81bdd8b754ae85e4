/**
 * @file Traces: a worker sends the spans of a run to a collector, each below the one that caused it; without the
 * variables it loads nothing of it.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import { connectionEnvironment } from '../../servers/connection.js';
import { wantsTraces } from '../../worker/tracing.js';
import { CommandProcess } from '../support/command.js';
import { useServers } from '../support/servers.js';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: { stringValue?: string } }[] };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

const servers = useServers();

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test('spans of a run reach the collector, each below its cause', { timeout: 120_000 }, async (t) => {
  const received: Export[] = [];
  const collector = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      assert.equal(request.url, '/v1/traces');
      assert.equal(request.headers['x-team'], 'distillers');
      received.push(JSON.parse(body) as Export);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  }).listen(0, '127.0.0.1');
  t.after(() => collector.close());
  await once(collector, 'listening');
  const worker = new CommandProcess(['worker', '--queue', 'pipeline'], {
    ...process.env,
    ...connectionEnvironment(servers()),
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-team=distillers',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test',
  });
  t.after(() => worker.end('SIGKILL'));
  await worker.says(/listening on distillery/);
  const connection = await Connection.connect({ address: servers().temporalAddress });
  t.after(() => connection.close());
  const start = { taskQueue: 'distillery', workflowId: 'traced', args: ['name: wrong'] };
  await assert.rejects(new Client({ connection }).workflow.execute('pipeline', start));
  // Leaving, it sends what it still has.
  await worker.end('SIGTERM');

  const resources = received.flatMap(({ resourceSpans }) => resourceSpans);
  const spans = resources.flatMap(({ scopeSpans }) => scopeSpans).flatMap((scope) => scope.spans);
  const named = (name: string): Span => {
    const found = spans.find((span) => span.name === name);
    assert.ok(found, `${name} among ${spans.map((span) => span.name).join(', ')}`);
    return found;
  };
  const workflow = named('RunWorkflow:pipeline');
  const scheduled = named('StartActivity:compileDefinition');
  const activity = named('RunActivity:compileDefinition');
  assert.equal(scheduled.parentSpanId, workflow.spanId);
  assert.equal(activity.parentSpanId, scheduled.spanId);
  assert.equal(activity.traceId, workflow.traceId);
  const attributes = new Map(
    resources[0]?.resource.attributes.map(({ key, value }) => [key, value.stringValue]),
  );
  assert.equal(attributes.get('service.name'), 'distillery-worker');
  assert.equal(attributes.get('deployment.environment'), 'test');
});

test('traces are asked for by the standard variables alone', () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };
  assert.equal(wantsTraces({}), false);
  assert.equal(wantsTraces(endpoint), true);
  assert.equal(wantsTraces({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318/v1/traces' }), true);
  assert.equal(wantsTraces({ ...endpoint, OTEL_SDK_DISABLED: 'true' }), false);
  assert.equal(wantsTraces({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' }), false);
});
