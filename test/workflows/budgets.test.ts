/**
 * @file The two budgets of a unit of work: lost workers are forgiven, errors are counted, mistakes are final.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { TrainExpertInput } from '../../compute/protocol.js';
import { compile } from '../../definition/index.js';
import type { RetryBudget } from '../../definition/plan.js';
import type { StageStatus } from '../../definition/stages.js';
import { pipelineStatus, stageStatus } from '../../workflows/index.js';
import { timeSkippingServer } from '../support/temporal.js';
import { failureOf, startPipeline, withWorkers, type PipelineHandle } from './harness.js';
import { experts, planOf } from './plans.js';
import { Pretend, type Interference } from './pretend.js';

const budget: RetryBudget = { failures: 3, preemptions: null, backoffSeconds: 60 };

describe('budgets', () => {
  let server: TestWorkflowEnvironment;
  before(async () => {
    server = await timeSkippingServer();
  });
  after(() => server.teardown());

  /** Runs one expert under interference; `check` sees the pipeline before the workers leave. */
  async function oneExpert(
    retry: RetryBudget,
    interfere: Interference,
    check: (handle: PipelineHandle, pretend: Pretend) => Promise<void>,
  ): Promise<void> {
    const pretend = new Pretend((call, nth) =>
      call.name === 'trainExpert' ? interfere(call, nth) : undefined,
    );
    const stage = experts({ with: { ...experts().with, count: 1 }, retry });
    await withWorkers(server, pretend, async () => {
      await check(await startPipeline(server.client, planOf(stage)), pretend);
    });
  }

  it('tells why something is tried again, before the stages and in them', async () => {
    const told: (string | undefined)[] = [];
    let handle: PipelineHandle | undefined;
    const pretend = new Pretend(async ({ name }, nth) => {
      if (name === 'resolveDataset' && nth === 1)
        throw ApplicationFailure.retryable('the store is full', 'NoSpace');
      // The second attempt sees what is known of the first.
      if (name === 'resolveDataset') told.push((await handle?.query(pipelineStatus))?.repeated);
      if (name !== 'trainExpert') return;
      if (nth === 1) throw ApplicationFailure.retryable('no answer', 'StoreUnavailable');
      const stage = server.client.workflow.getHandle(`${handle?.workflowId}/experts`);
      const { budget: limits, budgetUse } = await stage.query(stageStatus);
      assert.deepEqual(limits, budget);
      assert.deepEqual(budgetUse, { unit: 'expert 0', failures: 1, preemptions: 0 });
    });
    await withWorkers(server, pretend, async () => {
      const one = experts({ with: { ...experts().with, count: 1 }, retry: budget });
      handle = await startPipeline(server.client, planOf(one));
      await handle.result();
      assert.deepEqual(told, ['data set: the store is full']);
      assert.equal((await handle.query(pipelineStatus)).repeated, undefined);
      assert.equal((await stageOf(handle)).repeated, 'no answer');
      assert.equal((await stageOf(handle)).budgetUse, undefined, 'the unit is done');
    });
  });

  it('takes every limit from the definition', async () => {
    const { plan } = compile(`
name: limits
dataset: { source: pretend, holdout: 100 }
network: ConvNet
stages:
  experts:
    uses: train-experts
    with: { count: 1, epochs: 2 }
    retry: { failures: 1, preemptions: 2, backoff: 2m }
    timeout: 2h
    stallTimeout: 90s
`);
    const pretend = new Pretend(({ name }) => {
      if (name === 'trainExpert') throw ApplicationFailure.retryable('no answer', 'StoreUnavailable');
    });
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, plan);
      const started = (await handle.describe()).startTime;
      assert.match((await failureOf(handle)).message, /failed 2 times.*`retry.failures: 1`/);
      const waited = ((await handle.describe()).closeTime?.getTime() ?? 0) - started.getTime();
      assert.ok(waited >= 120_000 && waited < 150_000, `waited ${waited} ms`);
      const limits = pretend.calls.find(({ name }) => name === 'trainExpert')?.args[1];
      assert.deepEqual(limits, { unit: 'expert 0', stallTimeoutSeconds: 90 });
      const stage = server.client.workflow.getHandle(`${handle.workflowId}/experts`);
      const { events } = await stage.fetchHistory();
      const scheduled = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: it }) => it ?? []);
      const attempt = scheduled.find(({ activityType }) => activityType?.name === 'trainExpert');
      assert.equal(Number(attempt?.startToCloseTimeout?.seconds), 7200);
      assert.deepEqual((await stageOf(handle)).budget, { failures: 1, preemptions: 2, backoffSeconds: 120 });
    });
  });

  it('forgives any number of preemptions at once', async () => {
    const types = ['Preempted', 'WorkerShutdown'];
    await oneExpert(
      budget,
      (_, nth) => {
        if (nth <= 20) throw ApplicationFailure.retryable('the worker is shutting down', types[nth % 2]);
      },
      async (handle, pretend) => {
        const started = (await handle.describe()).startTime;
        await handle.result();
        assert.equal(pretend.count('trainExpert'), 21);
        const { preemptions, failures } = await stageOf(handle);
        assert.deepEqual({ preemptions, failures }, { preemptions: 20, failures: 0 });
        const ended = (await handle.describe()).closeTime;
        assert.ok(ended !== undefined && ended.getTime() - started.getTime() < 60_000, 'no back-off');
      },
    );
  });

  it('counts a lost heartbeat as a preemption', async () => {
    await oneExpert(
      budget,
      // Says nothing for longer than the heartbeat timeout, as a lost host would.
      (_, nth) => (nth === 1 ? new Promise((resolve) => setTimeout(resolve, 12_000)) : undefined),
      async (handle) => {
        await handle.result();
        const { preemptions, failures } = await stageOf(handle);
        assert.deepEqual({ preemptions, failures }, { preemptions: 1, failures: 0 });
      },
    );
  });

  it('respects a limit of preemptions', async () => {
    await oneExpert(
      { ...budget, preemptions: 2 },
      () => {
        throw ApplicationFailure.retryable('the worker is shutting down', 'Preempted');
      },
      async (handle, pretend) => {
        assert.deepEqual(await failureOf(handle), {
          type: 'Preempted',
          message:
            'stage experts: expert 0 lost its worker 3 times and failed 0 times, more than `retry.preemptions: 2` ' +
            'allows; last: the worker is shutting down',
        });
        assert.equal(pretend.count('trainExpert'), 3);
      },
    );
  });

  it('repeats errors with doubling waits until the budget is used up', async () => {
    await oneExpert(
      budget,
      (_, nth) => {
        if (nth === 2) throw ApplicationFailure.retryable('the worker is shutting down', 'Preempted');
        throw ApplicationFailure.retryable('the compute process ended with code 1', 'ComputeFailed');
      },
      async (handle, pretend) => {
        const started = (await handle.describe()).startTime;
        assert.deepEqual(await failureOf(handle), {
          type: 'ComputeFailed',
          message:
            'stage experts: expert 0 failed 4 times and lost its worker once, more than `retry.failures: 3` ' +
            'allows; last: the compute process ended with code 1',
        });
        assert.equal(pretend.count('trainExpert'), 5);
        assert.equal((await stageOf(handle)).failures, 3);
        const waited = ((await handle.describe()).closeTime?.getTime() ?? 0) - started.getTime();
        // 60 + 120 + 240 seconds of server time.
        assert.ok(waited >= 420_000 && waited < 480_000, `waited ${waited} ms`);
      },
    );
  });

  it('goes on after errors within the budget, whatever the number of preemptions', async () => {
    await oneExpert(
      budget,
      (_, nth) => {
        if (nth === 2 || nth === 4 || nth === 6) {
          throw ApplicationFailure.retryable('no answer', 'StoreUnavailable');
        }
        if (nth <= 8) throw ApplicationFailure.retryable('the worker is shutting down', 'Preempted');
      },
      async (handle) => {
        await handle.result();
        const { preemptions, failures } = await stageOf(handle);
        assert.deepEqual({ preemptions, failures }, { preemptions: 5, failures: 3 });
      },
    );
  });

  it('does not repeat what cannot succeed, and stops the other units', async () => {
    const pretend = new Pretend(async ({ name, args }) => {
      if (name !== 'trainExpert') return;
      if ((args[0] as TrainExpertInput).index === 1) {
        throw ApplicationFailure.nonRetryable('labels exceed the 10 classes', 'InvalidDataset');
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    });
    const stage = experts({ with: { ...experts().with, count: 50 } });
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, planOf(stage));
      assert.deepEqual(await failureOf(handle), {
        type: 'InvalidDataset',
        message: 'stage experts: labels exceed the 10 classes',
      });
      assert.ok(pretend.count('trainExpert') <= 4, `${pretend.count('trainExpert')} experts`);
    });
  });
});

async function stageOf(handle: PipelineHandle): Promise<StageStatus> {
  const [stage] = (await handle.query(pipelineStatus)).stages;
  assert.ok(stage !== undefined);
  return stage;
}
