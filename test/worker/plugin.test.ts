/**
 * @file The plugin in a worker of the user's own.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { DistilleryPlugin } from 'distillery';
import type { pipeline } from 'distillery/workflows';
import { temporaryFolder } from '../support/idx.js';
import { timeSkippingServer } from '../support/temporal.js';
import { userActivities } from './user-activities.js';
import type { greet } from './user-workflows.js';

const workflowsPath = fileURLToPath(new URL('./user-workflows.js', import.meta.url));
const distilleryActivities = [
  'beginStage',
  'cancelCaller',
  'compileDefinition',
  'computeStage',
  'discardCheckpoints',
  'distillChunk',
  'evaluateNetwork',
  'finishStage',
  'recordTrajectorySet',
  'resolveDataset',
  'resolveImports',
  'runCustomStage',
  'searchesTags',
  'selectCandidate',
  'selectImages',
  'settleStage',
  'summariseEvaluation',
  'trainExpert',
  'writeReport',
];

describe('DistilleryPlugin', () => {
  const own: WorkerOptions = { taskQueue: 'mine', workflowsPath, activities: userActivities };

  it('adds activities and leaves everything of the user as it is', () => {
    const { activities, ...rest } = new DistilleryPlugin().configureWorker(own);
    assert.deepEqual(Object.keys(activities ?? {}).sort(), [...distilleryActivities, 'shout'].sort());
    assert.equal(rest.taskQueue, 'mine');
    assert.equal(rest.workflowsPath, workflowsPath);
    assert.equal(rest.workflowBundle, undefined);
    assert.equal(rest.maxHeartbeatThrottleInterval, '500ms');
    assert.equal(rest.shutdownGraceTime, 0);
  });

  it('changes nothing when it is applied again', () => {
    const plugin = new DistilleryPlugin();
    const once = plugin.configureWorker(own);
    assert.deepEqual(plugin.configureWorker(once), once);
  });

  it('lets settings of the user win', () => {
    const options = new DistilleryPlugin({ role: 'compute', slots: 3 }).configureWorker({
      ...own,
      maxHeartbeatThrottleInterval: '5s',
      maxConcurrentActivityTaskExecutions: 1,
    });
    assert.equal(options.maxHeartbeatThrottleInterval, '5s');
    assert.equal(options.maxConcurrentActivityTaskExecutions, 1);
  });

  it('offers the activities of a role', () => {
    const named = (role: 'pipeline' | 'compute') =>
      Object.keys(new DistilleryPlugin({ role }).configureWorker({ taskQueue: 'q' }).activities ?? {}).sort();
    const compute = ['computeStage', 'distillChunk', 'evaluateNetwork', 'selectImages', 'trainExpert'];
    assert.deepEqual(named('compute'), compute);
    assert.deepEqual(
      named('pipeline'),
      distilleryActivities.filter((name) => !compute.includes(name)),
    );
    const { maxConcurrentActivityTaskExecutions } = new DistilleryPlugin({
      role: 'compute',
      slots: 2,
    }).configureWorker({ taskQueue: 'q' });
    assert.equal(maxConcurrentActivityTaskExecutions, 2);
  });

  describe('in a worker with a workflow and an activity of its own', () => {
    let server: TestWorkflowEnvironment;
    before(async () => {
      server = await timeSkippingServer();
    });
    after(() => server.teardown());

    it('runs both, and distillery’s pipelines on the same queue', async () => {
      // No store is configured here, which the plugin's activities are to say.
      delete process.env['S3_ENDPOINT'];
      const plugin = new DistilleryPlugin({ role: 'pipeline' });
      const connection = await NativeConnection.connect({ address: server.address, plugins: [plugin] });
      const worker = await Worker.create({ ...own, connection, plugins: [plugin] });
      await worker.runUntil(async () => {
        const greeting = await server.client.workflow.execute<typeof greet>('greet', {
          taskQueue: 'mine',
          workflowId: 'greeting',
          args: ['world'],
        });
        assert.equal(greeting, 'HELLO world');

        const failed = server.client.workflow.execute<typeof pipeline>('pipeline', {
          taskQueue: 'mine',
          workflowId: 'tiny',
          args: ['name: tiny'],
        });
        await assert.rejects(failed, (error) => {
          assert.ok(error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure);
          assert.equal(error.cause.type, 'StoreRefused');
          assert.match(error.cause.message, /S3_ENDPOINT is not set/);
          return true;
        });
      });
      await connection.close();
    });

    it('leaves when a preemption is announced, before it runs and while it does', async (t) => {
      const file = join(await temporaryFolder(t), 'notice');
      const notes: string[] = [];
      const plugin = new DistilleryPlugin({
        role: 'compute',
        preemption: { file, everySeconds: 0.1 },
        onNote: (line) => notes.push(line),
      });
      const connection = await NativeConnection.connect({ address: server.address });
      const started = async () => {
        const worker = await Worker.create({ taskQueue: 'leaving', connection, plugins: [plugin] });
        return { worker, ended: worker.run() };
      };
      const first = await started();
      await new Promise((resolve) => setTimeout(resolve, 500));
      assert.equal(first.worker.getState(), 'RUNNING');
      await writeFile(file, '');
      await first.ended;
      assert.deepEqual(notes, [`stopping (preemption notice: ${file} is there)`]);
      await (
        await started()
      ).ended;
      assert.equal(notes.length, 2);
      await connection.close();
    });
  });
});
