/**
 * @file A worker of this project with distillery and OpenTelemetry in it, one that computes, and a run of each
 * workflow. Its last line are the results as JSON.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Resource } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { Client, Connection } from '@temporalio/client';
import { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { COMPUTE_QUEUE, DistilleryPlugin } from 'distillery';
import { corners } from './datasets.mjs';
import { darker, firstImages } from './stages.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const address = process.env.TEMPORAL_ADDRESS;
const logger = new DefaultLogger('ERROR');
Runtime.install({ logger });

const spans = new InMemorySpanExporter();
const spanProcessor = new SimpleSpanProcessor(spans);
const resource = new Resource({ 'service.name': 'consumer' });
const provider = new BasicTracerProvider({ resource, spanProcessors: [spanProcessor] });
const tracing = new OpenTelemetryPlugin({ resource, spanProcessor, tracer: provider.getTracer('consumer') });

const pipelines = new DistilleryPlugin({
  role: 'pipeline',
  stages: [firstImages, darker],
  datasets: { corners },
});
const computing = new DistilleryPlugin({ role: 'compute', networks: [here('networks.mjs')], threads: 1 });
const plugins = [tracing, pipelines];

// Bundled once, before any worker starts, as one does for production.
const workflowBundle = await bundleWorkflowCode({ workflowsPath: here('workflows.mjs'), plugins, logger });

const connection = await NativeConnection.connect({ address });
const mine = await Worker.create({
  connection,
  taskQueue: 'mine',
  workflowBundle,
  activities: { shout: async (text) => text.toUpperCase() },
  plugins,
});
const compute = await Worker.create({ connection, taskQueue: COMPUTE_QUEUE, plugins: [computing] });

const results = await mine.runUntil(
  compute.runUntil(async () => {
    const client = new Client({ connection: await Connection.connect({ address }), plugins });
    const run = (type, workflowId, argument) =>
      client.workflow.execute(type, { taskQueue: 'mine', workflowId, args: [argument] });
    const definition = await readFile(here('definition.yaml'));
    const greeting = await run('greet', 'greeting', 'world');
    const result = await run('pipeline', 'run', definition);
    const status = await client.workflow.getHandle('run').query('status');
    const told = await run('distilAndTell', 'parent', definition);
    const again = await client.workflow.getHandle('child').result();
    await client.connection.close();
    return { greeting, result, status, told, again };
  }),
);
await connection.close();
const names = spans.getFinishedSpans().map(({ name }) => name);
console.log(JSON.stringify({ ...results, spans: [...new Set(names)] }));
