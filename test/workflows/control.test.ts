/**
 * @file The user's hands on a running pipeline: pause, resume, retry, cancel, and what follows a failure.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { DiscardCheckpointsInput, SelectCandidateInput } from '../../activities/contract.js';
import type { DistillChunkInput } from '../../compute/protocol.js';
import type { PipelineStatus, StageStatus } from '../../definition/stages.js';
import {
  cancelPipeline,
  pausePipeline,
  pauseSignal,
  pipelineStatus,
  resumePipeline,
  resumeSignal,
  retryStage,
} from '../../workflows/index.js';
import { timeSkippingServer } from '../support/temporal.js';
import { failureOf, startPipeline, withWorkers, type PipelineHandle } from './harness.js';
import { distillation, evaluation, experts, fullPlan, planOf, reporting } from './plans.js';
import { Pretend, untilCancelled, type Call } from './pretend.js';

describe('control', () => {
  let server: TestWorkflowEnvironment;
  before(async () => {
    server = await timeSkippingServer();
  });
  after(() => server.teardown());

  it('pauses: running work is told to stop, nothing starts, no budget is used; resume goes on', async () => {
    const pretend = new Pretend(async ({ name }, nth) => {
      if (name === 'distillChunk' && nth === 2) await untilCancelled();
    });
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, fullPlan());
      await until(() => pretend.count('distillChunk') === 2);
      const asked = performance.now();
      const pause = await handle.executeUpdate(pausePipeline, { args: [{ reason: 'maintenance' }] });
      await state(handle, (status) => stage(status, 'distill').state === 'paused');
      assert.ok(performance.now() - asked < 5000);
      const status = await handle.query(pipelineStatus);
      assert.equal(status.state, 'paused');
      assert.deepEqual(status.paused, { since: pause.since, reason: 'maintenance' });
      assert.ok(!Number.isNaN(Date.parse(pause.since)));
      const before = pretend.calls.length;
      await sleep(1000);
      assert.equal(pretend.calls.length, before, 'nothing starts while paused');

      assert.deepEqual(await handle.executeUpdate(resumePipeline), pause);
      await handle.result();
      const { state: end, paused, stages } = await handle.query(pipelineStatus);
      assert.deepEqual([end, paused], ['finished', undefined]);
      for (const { failures, preemptions } of stages) assert.deepEqual([failures, preemptions], [0, 0]);
      assert.deepEqual(chunks(pretend), ['0-15', '15-20', '15-20', '20-35', '35-40']);
    });
  });

  it('pauses all experts that run, and starts no stage while paused', async () => {
    let free = false;
    const pretend = new Pretend(async ({ name }) => {
      if (name === 'resolveDataset') await sleep(300);
      if (name === 'trainExpert' && !free) await untilCancelled();
    });
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, planOf(experts()));
      await until(() => pretend.count('resolveDataset') === 1);
      // By signal, as for many runs at once; twice is no mistake then.
      await handle.signal(pauseSignal, undefined);
      await handle.signal(pauseSignal, { reason: 'again' });
      await sleep(1000);
      const early = await handle.query(pipelineStatus);
      assert.equal(early.paused?.reason, undefined);
      assert.equal(stage(early, 'experts').state, 'waiting');
      await handle.signal(resumeSignal);
      await until(() => pretend.count('trainExpert') === 2);
      await handle.executeUpdate(pausePipeline, { args: [undefined] });
      await state(handle, (status) => stage(status, 'experts').state === 'paused');
      free = true;
      await handle.executeUpdate(resumePipeline);
      await handle.result();
      assert.equal(pretend.count('trainExpert'), 5);
    });
  });

  it('rejects what makes no sense, saying what does', async () => {
    const pretend = new Pretend(async ({ name }) => {
      if (name === 'distillChunk') await untilCancelled();
    });
    await withWorkers(server, pretend, async () => {
      const other = experts({ id: 'other', with: { ...experts().with, count: 1, lr: 2 } });
      const handle = await startPipeline(server.client, planOf(experts(), distillation(40, 15, 20), other));
      await until(() => pretend.count('distillChunk') === 1);
      const rejected = async (update: Promise<unknown>, reason: RegExp) =>
        assert.match(await rejection(update), reason);
      await rejected(handle.executeUpdate(resumePipeline), /not paused/);
      await rejected(handle.executeUpdate(retryStage, { args: ['distil'] }), /no stage "distil"/);
      await rejected(
        handle.executeUpdate(retryStage, { args: ['distill'] }),
        /has not failed, it is running/,
      );
      await rejected(handle.executeUpdate('retry', { args: [] }), /Give the id of a stage/);
      await rejected(handle.executeUpdate('pause', { args: [{ because: 1 }] }), /nothing but \{"reason"/);
      await rejected(handle.executeUpdate('pause', { args: [{ reason: 1 }] }), /`reason` is a text/);
      await rejected(handle.executeUpdate('cancel', { args: [{ keepCheckpoints: 'no' }] }), /true or false/);
      await handle.executeUpdate(pausePipeline, { args: [{ reason: 'lunch' }] });
      await rejected(
        handle.executeUpdate(pausePipeline, { args: [undefined] }),
        /paused since .* \(lunch\); `resume`/,
      );
      await handle.cancel();
      await handle.result().catch(() => undefined);
      assert.equal((await handle.query(pipelineStatus)).state, 'cancelled');
    });
  });

  it('lets a failed stage wait, and retries it from where it was with fresh budgets', async () => {
    const pretend = new Pretend(({ name }, nth) => {
      // The second chunk fails four times, and three times more after the retry.
      if (name === 'distillChunk' && nth >= 2 && nth <= 8) {
        throw ApplicationFailure.retryable('the disk is full', 'NoSpace');
      }
    });
    const retry = { failures: 3, preemptions: null, backoffSeconds: 0 };
    const waiting = { ...distillation(40, 15, 20), retry, onFailure: 'wait' as const };
    const plan = planOf(experts(), waiting, evaluation(), reporting(['evaluate']));
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, plan);
      const failed = await state(handle, (status) => stage(status, 'distill').state === 'failed');
      assert.equal(failed.state, 'running');
      const { error, retryWith, budgetUse } = stage(failed, 'distill');
      assert.match(error ?? '', /^iterations 16–20 failed 4 times .*`retry.failures: 3`.*the disk is full$/);
      assert.equal(retryWith, `distillery retry ${handle.workflowId} distill`);
      assert.deepEqual(budgetUse, { unit: 'iterations 16–20', failures: 3, preemptions: 0 });
      assert.equal(stage(failed, 'evaluate').state, 'waiting');

      // The pause outlives the new run that a retry begins.
      await handle.executeUpdate(pausePipeline, { args: [undefined] });
      await handle.executeUpdate(retryStage, { args: ['distill'] });
      assert.match(
        await rejection(handle.executeUpdate(retryStage, { args: ['distill'] })),
        /has not failed, it is (running|paused)/,
      );
      const paused = await state(handle, (status) => stage(status, 'distill').state === 'paused');
      assert.equal(stage(paused, 'distill').error, undefined);
      await sleep(500);
      assert.equal(pretend.count('distillChunk'), 5);
      await handle.executeUpdate(resumePipeline);
      await handle.result();

      assert.deepEqual(chunks(pretend), ['0-15', ...new Array<string>(8).fill('15-20'), '20-35', '35-40']);
      const status = await handle.query(pipelineStatus);
      assert.deepEqual(
        status.stages.map((each) => each.state),
        ['finished', 'finished', 'finished', 'finished'],
      );
      assert.equal(stage(status, 'distill').retryWith, undefined);
      assert.equal(pretend.count('trainExpert'), 3);
    });
  });

  it('measures a candidate whose evaluation failed after a retry', async () => {
    let mended = false;
    const pretend = new Pretend(({ name }, nth) => {
      if (name === 'evaluateNetwork' && nth > 1 && !mended) {
        throw ApplicationFailure.nonRetryable('labels exceed the classes', 'InvalidDataset');
      }
    });
    const plan = planOf(experts(), { ...distillation(20, 20, 20), onFailure: 'wait' });
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, plan);
      await state(handle, (status) => stage(status, 'distill').state === 'failed');
      mended = true;
      await handle.executeUpdate(retryStage, { args: ['distill'] });
      await handle.result();
      const { candidates } = pretend.calls.find(({ name }) => name === 'selectCandidate')
        ?.args[0] as SelectCandidateInput;
      assert.deepEqual(
        candidates.map(({ accuracies }) => accuracies),
        [[0.6, 0.6]],
      );
      assert.equal(pretend.count('distillChunk'), 1);
      assert.ok(pretend.outputs().distill !== undefined);
    });
  });

  it('goes on without a stage that may fail, and names it', async () => {
    const pretend = new Pretend(({ name }) => {
      if (name === 'distillChunk') throw ApplicationFailure.nonRetryable('the rate is NaN', 'Diverged');
    });
    const plan = planOf(
      experts(),
      { ...distillation(40, 15, 20), onFailure: 'continue' },
      evaluation(),
      reporting(['experts']),
    );
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, plan);
      const result = await handle.result();
      assert.deepEqual(result.failed, { distill: 'the rate is NaN' });
      assert.deepEqual(Object.keys(result.stages), ['experts', 'report']);
      const status = await handle.query(pipelineStatus);
      assert.equal(status.state, 'finished');
      assert.deepEqual(
        status.stages.map((each) => each.state),
        ['finished', 'failed', 'skipped', 'finished'],
      );
      assert.match(
        await rejection(handle.executeUpdate(retryStage, { args: ['distill'] })),
        /completed|not found/i,
      );
    });
  });

  it('says how to have a stage that fails for good started again', async () => {
    let end = false;
    const pretend = new Pretend(async ({ name, args }: Call) => {
      if (name !== 'trainExpert') return;
      const { config } = args[0] as { config: { lr: number } };
      if (config.lr === 2) throw ApplicationFailure.nonRetryable('diverged', 'Diverged');
      await until(() => end);
    });
    const doomed = experts({ id: 'doomed', with: { ...experts().with, count: 1, lr: 2 } });
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, planOf(doomed, experts()));
      await state(handle, (status) => stage(status, 'doomed').state === 'failed');
      assert.match(
        await rejection(handle.executeUpdate(retryStage, { args: ['doomed'] })),
        /failed for good; it would wait with `onFailure: wait`/,
      );
      end = true;
      assert.deepEqual(await failureOf(handle), { type: 'Diverged', message: 'stage doomed: diverged' });
    });
  });

  for (const keepCheckpoints of [true, false]) {
    it(`cancels and ${keepCheckpoints ? 'keeps' : 'discards'} the checkpoints of unfinished work`, async () => {
      const stopped: string[] = [];
      const pretend = new Pretend(async ({ name }, nth) => {
        if (name === 'discardCheckpoints') stopped.push('discard');
        if (name !== 'distillChunk' || nth === 1) return;
        await untilCancelled().finally(() => stopped.push('work'));
      });
      await withWorkers(server, pretend, async () => {
        const handle = await startPipeline(server.client, fullPlan());
        await until(() => pretend.count('distillChunk') === 2);
        await handle.executeUpdate(cancelPipeline, { args: [{ keepCheckpoints }] });
        await assert.rejects(handle.result(), (error) => {
          return error instanceof WorkflowFailedError && error.cause instanceof CancelledFailure;
        });
        assert.equal((await handle.describe()).status.name, 'CANCELLED');
        assert.equal((await handle.query(pipelineStatus)).state, 'cancelled');
      });
      assert.deepEqual(stopped, keepCheckpoints ? ['work'] : ['work', 'discard']);
      if (keepCheckpoints) return;
      const call = pretend.calls.find(({ name }) => name === 'discardCheckpoints');
      const { units, since } = call?.args[0] as DiscardCheckpointsInput;
      assert.deepEqual(
        units.map(({ task }) => task),
        ['distillChunk'],
        'experts are finished, so theirs stay',
      );
      assert.ok(!Number.isNaN(Date.parse(since)));
    });
  }

  it('discards the checkpoints of a stage that waits for a retry', async () => {
    const pretend = new Pretend(({ name }) => {
      if (name === 'distillChunk') throw ApplicationFailure.nonRetryable('the rate is NaN', 'Diverged');
    });
    const plan = planOf(experts(), { ...distillation(40, 15, 20), onFailure: 'wait' });
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, plan);
      await state(handle, (status) => stage(status, 'distill').state === 'failed');
      await handle.executeUpdate(cancelPipeline, { args: [{ keepCheckpoints: false }] });
      await handle.result().catch(() => undefined);
      assert.equal((await handle.describe()).status.name, 'CANCELLED');
    });
    assert.equal(pretend.count('discardCheckpoints'), 1);
  });
});

function stage({ stages }: PipelineStatus, id: string): StageStatus {
  const found = stages.find((each) => each.id === id);
  assert.ok(found !== undefined, id);
  return found;
}

/** The chunks that were asked for, in order. */
function chunks(pretend: Pretend): string[] {
  return pretend.calls
    .filter(({ name }) => name === 'distillChunk')
    .map(({ args }) => args[0] as DistillChunkInput)
    .map(({ from, to }) => `${from}-${to}`);
}

/** The status, as soon as it is as wanted. */
async function state(
  handle: PipelineHandle,
  wanted: (status: PipelineStatus) => boolean,
): Promise<PipelineStatus> {
  for (const end = performance.now() + 15_000; ;) {
    const status = await handle.query(pipelineStatus);
    if (status.stages.length > 0 && wanted(status)) return status;
    assert.ok(performance.now() < end, `still ${JSON.stringify(status)}`);
    await sleep(50);
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (const end = performance.now() + 15_000; !condition();) {
    assert.ok(performance.now() < end, 'still not so');
    await sleep(20);
  }
}

async function rejection(update: Promise<unknown>): Promise<string> {
  const error: unknown = await update.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error, 'the update was accepted');
  return error instanceof WorkflowUpdateFailedError ? (error.cause?.message ?? '') : error.message;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
