/**
 * @file The pipeline from start to end, with pretend activities: order, reuse, failure of a stage, cancel.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WriteReportInput } from '../../activities/contract.js';
import type { DistillChunkInput, TrainExpertInput } from '../../compute/protocol.js';
import { pipelineStatus } from '../../workflows/index.js';
import { timeSkippingServer } from '../support/temporal.js';
import { failureOf, startPipeline, withWorkers } from './harness.js';
import { distillation, evaluation, experts, fullPlan, planOf, reporting } from './plans.js';
import { Pretend, reference, untilCancelled } from './pretend.js';

describe('pipeline', () => {
  let server: TestWorkflowEnvironment;
  before(async () => {
    server = await timeSkippingServer();
  });
  after(() => server.teardown());

  it('runs every stage after what it needs and returns their outputs', async () => {
    const pretend = new Pretend();
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, fullPlan());
      const result = await handle.result();
      assert.deepEqual(Object.keys(result.stages), ['experts', 'distill', 'evaluate', 'report']);
      assert.deepEqual(result.reused, []);
      assert.deepEqual(result.stages, {
        experts: pretend.outputs()['train-experts'],
        distill: pretend.outputs().distill,
        evaluate: pretend.outputs().evaluate,
        report: pretend.outputs().report,
      });

      const status = await handle.query(pipelineStatus);
      assert.equal(status.state, 'finished');
      assert.deepEqual(
        status.stages.map(({ id, state, done, total, workflowId }) => [id, state, done, total, workflowId]),
        [
          ['experts', 'finished', 3, 3, `${handle.workflowId}/experts`],
          ['distill', 'finished', 40, 40, `${handle.workflowId}/distill`],
          ['evaluate', 'finished', 4, 4, `${handle.workflowId}/evaluate`],
          ['report', 'finished', 1, 1, `${handle.workflowId}/report`],
        ],
      );
      assert.equal(status.stages[0]?.summary, '3 experts, test accuracy 80.0 ± 1.0 %');
    });
  });

  it('trains each expert once, within the parallel limit', async () => {
    const pretend = new Pretend(() => new Promise((resolve) => setTimeout(resolve, 20)));
    const stage = experts({ with: { ...experts().with, count: 7 }, maxParallel: 3 });
    await withWorkers(server, pretend, async () => {
      await (await startPipeline(server.client, planOf(stage))).result();
    });
    const trained = pretend.calls
      .filter(({ name }) => name === 'trainExpert')
      .map(({ args }) => (args[0] as TrainExpertInput).index);
    assert.deepEqual(trained.sort(), [0, 1, 2, 3, 4, 5, 6]);
    assert.equal(pretend.mostAtOnce, 3);
  });

  it('cuts chunks at candidates and evaluates each candidate on the held-out split', async () => {
    const pretend = new Pretend();
    await withWorkers(server, pretend, async () => {
      await (await startPipeline(server.client, planOf(experts(), distillation(50, 15, 20)))).result();
    });
    const chunks = pretend.calls
      .filter(({ name }) => name === 'distillChunk')
      .map(({ args }) => args[0] as DistillChunkInput);
    assert.deepEqual(
      chunks.map(({ from, to }) => [from, to]),
      [
        [0, 15],
        [15, 20],
        [20, 35],
        [35, 40],
        [40, 50],
      ],
    );
    assert.ok(chunks.every(({ config }) => !('iterations' in config) && !('selection' in config)));
    const output = pretend.outputs().distill;
    assert.ok(output !== undefined);
    assert.deepEqual(
      output.candidates.map(({ iteration }) => iteration),
      [20, 40, 50],
    );
    assert.equal(pretend.count('evaluateNetwork'), 6);
    assert.deepEqual(output.metrics, reference('metrics 50'));
  });

  it('gives the report everything before it', async () => {
    const pretend = new Pretend();
    await withWorkers(server, pretend, async () => {
      await (
        await startPipeline(
          server.client,
          planOf(experts(), distillation(20, 20, 20), evaluation(), reporting(['evaluate'])),
        )
      ).result();
    });
    const [call] = pretend.calls.filter(({ name }) => name === 'writeReport');
    const input = call?.args[0] as WriteReportInput;
    assert.deepEqual(Object.keys(input.upstream).sort(), ['distill', 'evaluate', 'experts']);
    assert.deepEqual(input.source.definition, reference('definition'));
  });

  it('takes results that are already there, unless told not to', async () => {
    const pretend = new Pretend();
    await withWorkers(server, pretend, async () => {
      await (await startPipeline(server.client, fullPlan())).result();
      const computed = pretend.count('trainExpert') + pretend.count('distillChunk');
      const again = await startPipeline(server.client, fullPlan());
      const result = await again.result();
      assert.deepEqual(result.reused, ['experts', 'distill', 'evaluate', 'report']);
      assert.equal(pretend.count('trainExpert') + pretend.count('distillChunk'), computed);
      const states = (await again.query(pipelineStatus)).stages.map(({ state }) => state);
      assert.deepEqual(states, ['cached', 'cached', 'cached', 'cached']);

      const fresh = await (await startPipeline(server.client, fullPlan(), { cache: false })).result();
      assert.deepEqual(fresh.reused, []);
      assert.equal(pretend.count('trainExpert') + pretend.count('distillChunk'), 2 * computed);
    });
  });

  it('lets independent stages finish when one fails, and skips those that need it', async () => {
    const pretend = new Pretend(({ name }) => {
      if (name === 'distillChunk') {
        throw ApplicationFailure.nonRetryable('the learned rate is NaN at iteration 7', 'Diverged');
      }
    });
    const other = experts({ id: 'others', with: { ...experts().with, lr: 0.02 } });
    const plan = planOf(experts(), distillation(40, 15, 20), evaluation(), other);
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, plan);
      assert.deepEqual(await failureOf(handle), {
        type: 'Diverged',
        message: 'stage distill: the learned rate is NaN at iteration 7',
      });
      const { stages, error } = await handle.query(pipelineStatus);
      assert.deepEqual(
        stages.map(({ id, state }) => `${id} ${state}`),
        ['experts finished', 'distill failed', 'evaluate skipped', 'others finished'],
      );
      assert.equal(error, 'stage distill: the learned rate is NaN at iteration 7');
      assert.equal(pretend.count('distillChunk'), 1);
    });
  });

  it('fails with the reason when the definition does not compile', async () => {
    const pretend = new Pretend(({ name }) => {
      if (name === 'compileDefinition') {
        throw ApplicationFailure.nonRetryable(
          'line 3: unknown key `ipx`, did you mean `ipc`?',
          'InvalidDefinition',
        );
      }
    });
    await withWorkers(server, pretend, async () => {
      assert.deepEqual(await failureOf(await startPipeline(server.client, fullPlan())), {
        type: 'InvalidDefinition',
        message: 'line 3: unknown key `ipx`, did you mean `ipc`?',
      });
    });
    assert.equal(pretend.calls.length, 1);
  });

  it('fails with the reason when its options are none', async () => {
    const wrong: readonly [options: unknown, reason: string][] = [
      ['ipc=10', 'expected a mapping, such as {"params": {"ipc": 10}}'],
      [{ param: { ipc: 10 } }, 'unknown key "param"; did you mean "params"?'],
      [{ params: [10] }, '"params" is a mapping of parameters to their values'],
      [{ recompute: 5 }, '"recompute" is a list of stages'],
      [{ cache: 'no' }, '"cache" is true or false'],
    ];
    const pretend = new Pretend();
    await withWorkers(server, pretend, async () => {
      for (const [options, reason] of wrong)
        assert.deepEqual(await failureOf(await startPipeline(server.client, fullPlan(), options as object)), {
          type: 'InvalidDefinition',
          message: `the options of the pipeline, its second argument: ${reason}`,
        });
      assert.equal(pretend.calls.length, 0);
      const none = { params: null, cache: null, recompute: null } as object;
      for (const options of [null, none])
        await (await startPipeline(server.client, fullPlan(), options as object)).result();
    });
  });

  it('cancels running activities and says so', async () => {
    let chunkStarted: () => void = () => undefined;
    const started = new Promise<void>((resolve) => (chunkStarted = resolve));
    const pretend = new Pretend(async ({ name }) => {
      if (name !== 'distillChunk') return;
      chunkStarted();
      await untilCancelled();
    });
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, fullPlan());
      await started;
      const asked = performance.now();
      await handle.cancel();
      await assert.rejects(handle.result(), (error) => {
        assert.ok(error instanceof WorkflowFailedError && error.cause instanceof CancelledFailure);
        return true;
      });
      assert.ok(performance.now() - asked < 10_000);
      const { state, stages } = await handle.query(pipelineStatus);
      assert.equal(state, 'cancelled');
      assert.deepEqual(
        stages.map((stage) => stage.state),
        ['finished', 'cancelled', 'cancelled', 'cancelled'],
      );
    });
    assert.equal(pretend.count('distillChunk'), 1);
  });
});
