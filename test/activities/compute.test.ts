/**
 * @file The compute activities: what they pass to the compute process, heartbeat, and fail with.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ActivityCancellationDetails, ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { createComputeActivities, type TaskEvent, type TaskRunner } from '../../activities/index.js';
import { Stopped } from '../../compute/context.js';
import type { TrainExpertInput } from '../../compute/protocol.js';
import type { RunOptions } from '../../compute/process.js';
import type { UnitProgress } from '../../definition/stages.js';
import { DistilleryError } from '../../errors/errors.js';
import { experts, network } from '../workflows/plans.js';
import { perform, run, surroundings } from './fixtures.js';

const input: TrainExpertInput = { ...run, network, config: experts().with, index: 3 };
const limits = { unit: 'expert 3', stallTimeoutSeconds: 7 };

/** A runner that does what the test says. */
function runner(body: (options: RunOptions, task: string, input: unknown) => Promise<unknown>): TaskRunner {
  return {
    run: (task, taskInput, options) => body(options, task, taskInput) as Promise<never>,
  };
}

/** Settles as the compute process does when it is stopped. */
function untilStopped({ signal }: RunOptions): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error));
  });
}

describe('compute activities', () => {
  it('run the task of their name within the stall limit and report events', async () => {
    const events: TaskEvent[] = [];
    const seen: unknown[] = [];
    const compute = runner((options, task, taskInput) => {
      seen.push([task, taskInput, options.stallTimeoutSeconds]);
      return Promise.resolve('done');
    });
    const { trainExpert } = createComputeActivities({ compute, onTask: (event) => events.push(event) });
    assert.equal(await perform(surroundings(), trainExpert, input, limits), 'done');
    assert.deepEqual(seen, [['trainExpert', input, 7]]);
    assert.deepEqual(
      events.map(({ state, unit }) => [state, unit]),
      [
        ['started', 'expert 3'],
        ['finished', 'expert 3'],
      ],
    );
  });

  it('heartbeat with the progress of the task', async () => {
    const progress: UnitProgress = {
      unit: 'expert 3',
      done: 1,
      total: 2,
      metrics: { loss: 0.5 },
      worker: 'here/1',
    };
    const compute = runner(async ({ onProgress }) => {
      onProgress?.(progress);
      await new Promise((resolve) => setTimeout(resolve, 1200));
      return 'done';
    });
    const environment = surroundings();
    const beats: unknown[] = [];
    environment.on('heartbeat', (details: unknown) => beats.push(details));
    await perform(environment, createComputeActivities({ compute }).trainExpert, input, limits);
    assert.ok(beats.length >= 2, `${beats.length} heartbeats`);
    assert.deepEqual(beats[0], progress);
    const before = beats.length;
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.equal(beats.length, before, 'no heartbeat after the end');
  });

  it('are cancelled by the workflow', async () => {
    const environment = surroundings();
    const { trainExpert } = createComputeActivities({ compute: runner(untilStopped) });
    const running = perform(environment, trainExpert, input, limits);
    environment.cancel('CANCELLED', cancellation({ cancelRequested: true }));
    await assert.rejects(running, CancelledFailure);
  });

  it('are preempted when the worker shuts down', async () => {
    const environment = surroundings();
    const { trainExpert } = createComputeActivities({ compute: runner(untilStopped) });
    const running = perform(environment, trainExpert, input, limits);
    environment.cancel('WORKER_SHUTDOWN', cancellation({ workerShutdown: true }));
    await assert.rejects(running, (error) => {
      assert.ok(error instanceof ApplicationFailure);
      assert.equal(error.type, 'Preempted');
      assert.equal(error.nonRetryable, false);
      return true;
    });
  });

  it('fail with the code of the error, repeatable or not as it says', async () => {
    for (const [code, nonRetryable] of [
      ['Diverged', true],
      ['ComputeFailed', false],
      ['StoreUnavailable', false],
      ['InvalidTrajectory', true],
    ] as const) {
      const compute = runner(() => Promise.reject(new DistilleryError(code, `${code} at iteration 7`)));
      const { trainExpert } = createComputeActivities({ compute });
      await assert.rejects(perform(surroundings(), trainExpert, input, limits), (error) => {
        assert.ok(error instanceof ApplicationFailure);
        assert.deepEqual(
          [error.type, error.message, error.nonRetryable, error.stack],
          [code, `${code} at iteration 7`, nonRetryable, ''],
        );
        return true;
      });
    }
  });

  it('stop a task with the reason the worker was given', async () => {
    const reasons: unknown[] = [];
    const compute = runner((options) =>
      untilStopped(options).catch((reason: unknown) => {
        reasons.push(reason instanceof Stopped ? reason.reason : reason);
        throw reason;
      }),
    );
    const { trainExpert } = createComputeActivities({ compute });
    for (const reason of ['CANCELLED', 'WORKER_SHUTDOWN', 'NOT_FOUND', 'TIMED_OUT'] as const) {
      const environment = surroundings();
      const running = perform(environment, trainExpert, input, limits);
      environment.cancel(reason, cancellation({ workerShutdown: reason === 'WORKER_SHUTDOWN' }));
      await assert.rejects(running);
    }
    assert.deepEqual(reasons, ['cancel', 'preempt', 'drop', 'drop']);
  });
});

function cancellation(change: Partial<Record<'cancelRequested' | 'workerShutdown', boolean>>) {
  return new ActivityCancellationDetails(change);
}
