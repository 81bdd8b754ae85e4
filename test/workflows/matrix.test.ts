/**
 * @file Pipelines whose stages have a matrix, with pretend activities: what runs, how much at once, what becomes
 * of cells that fail.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WriteReportInput } from '../../activities/contract.js';
import type { DistillChunkInput } from '../../compute/protocol.js';
import { Worker } from '@temporalio/worker';
import { pipelineStatus } from '../../workflows/index.js';
import { measureRuns } from '../support/histories.js';
import { timeSkippingServer } from '../support/temporal.js';
import { failureOf, startPipeline, withWorkers } from './harness.js';
import { sweep } from './plans.js';
import { Pretend, type Interference } from './pretend.js';

const ipcOf = ({ args }: { readonly args: readonly unknown[] }) => (args[0] as DistillChunkInput).config.ipc;

/** The distillation with so many images per class fails for good. */
const failing =
  (ipc: number): Interference =>
  (call) => {
    if (call.name === 'distillChunk' && ipcOf(call) === ipc)
      throw ApplicationFailure.nonRetryable('the learned rate is NaN', 'Diverged');
  };

describe('a pipeline with a matrix', () => {
  let server: TestWorkflowEnvironment;
  before(async () => {
    server = await timeSkippingServer();
  });
  after(() => server.teardown());

  it('runs each cell with its values, and gives the report all of them', async () => {
    const pretend = new Pretend();
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, sweep([1, 2, 3]));
      const { stages } = await handle.result();
      const cells = (of: string) => [1, 2, 3].map((ipc) => `${of}[ipc=${ipc}]`);
      assert.deepEqual(
        Object.keys(stages).sort(),
        [...cells('distill'), ...cells('evaluate'), 'experts', 'report'].sort(),
      );
      const chunks = pretend.calls.filter(({ name }) => name === 'distillChunk');
      assert.deepEqual(chunks.map(ipcOf).sort(), [1, 2, 3]);
      const [report] = pretend.calls.filter(({ name }) => name === 'writeReport');
      const { upstream } = report?.args[0] as WriteReportInput;
      assert.deepEqual(Object.keys(upstream).sort(), [...cells('distill'), ...cells('evaluate'), 'experts']);
      const status = await handle.query(pipelineStatus);
      assert.deepEqual(
        status.matrices?.map(({ id, type, needs, cells: count, states }) => [id, type, needs, count, states]),
        [
          ['distill', 'distill', ['experts'], 3, { finished: 3 }],
          ['evaluate', 'evaluate', ['distill'], 3, { finished: 3 }],
        ],
      );
      const [cell] = status.stages.filter(({ id }) => id === 'distill[ipc=2]');
      assert.deepEqual(cell?.matrix, { of: 'distill', cell: { ipc: 2 } });
      assert.equal(cell.workflowId, `${handle.workflowId}/distill[ipc=2]`);
      const child = server.client.workflow.getHandle(cell.workflowId);
      assert.equal((await child.describe()).status.name, 'COMPLETED');
    });
  });

  it('runs at most maxParallel cells at once, each in the order of the plan', async () => {
    const running = new Set<number>();
    let most = 0;
    const pretend = new Pretend(async (call) => {
      if (call.name !== 'distillChunk') return;
      running.add(ipcOf(call));
      most = Math.max(most, running.size);
      await new Promise((resolve) => setTimeout(resolve, 30));
      running.delete(ipcOf(call));
    });
    await withWorkers(server, pretend, async () => {
      await (await startPipeline(server.client, sweep([4, 3, 2, 1, 5], 'maxParallel: 2'))).result();
    });
    assert.equal(most, 2);
    const first = pretend.calls.filter(({ name }) => name === 'distillChunk').map(ipcOf);
    assert.deepEqual(new Set(first.slice(0, 2)), new Set([4, 3]));
    assert.equal(first.length, 5);
  });

  it('fails with the cell that failed once all others have ended', async () => {
    const pretend = new Pretend(failing(2));
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, sweep([1, 2, 3]));
      assert.deepEqual(await failureOf(handle), {
        type: 'Diverged',
        message: 'stage distill[ipc=2]: the learned rate is NaN',
      });
      const { stages, matrices } = await handle.query(pipelineStatus);
      assert.deepEqual(
        matrices?.map(({ states }) => states),
        [
          { finished: 2, failed: 1 },
          { finished: 2, skipped: 1 },
        ],
      );
      const skipped = stages.filter(({ state }) => state === 'skipped');
      assert.deepEqual(
        skipped.map(({ id, error }) => [id, error]),
        [
          ['evaluate[ipc=2]', '1 of the 1 cells of distill that it needs have no result: distill[ipc=2]'],
          ['report', '1 of the 3 cells of distill that it needs have no result: distill[ipc=2]'],
        ],
      );
    });
  });

  it('reports without the cells that may fail', async () => {
    const pretend = new Pretend(failing(2));
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, sweep([1, 2, 3], 'onFailure: continue'));
      const result = await handle.result();
      assert.deepEqual(result.failed, { 'distill[ipc=2]': 'the learned rate is NaN' });
      const [report] = pretend.calls.filter(({ name }) => name === 'writeReport');
      const { upstream } = report?.args[0] as WriteReportInput;
      assert.deepEqual(Object.keys(upstream).sort(), [
        'distill[ipc=1]',
        'distill[ipc=3]',
        'evaluate[ipc=1]',
        'evaluate[ipc=3]',
        'experts',
      ]);
    });
  });

  it('is cancelled with cells that have not begun', async () => {
    let begun: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (begun = resolve));
    const pretend = new Pretend(async ({ name }) => {
      if (name !== 'distillChunk') return;
      begun();
      await new Promise((resolve) => setTimeout(resolve, 500));
    });
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, sweep([1, 2, 3], 'maxParallel: 1'));
      await first;
      await handle.cancel();
      await assert.rejects(handle.result());
      const { stages } = await handle.query(pipelineStatus);
      assert.deepEqual(
        stages.filter(({ type }) => type === 'distill').map(({ state }) => state),
        ['cancelled', 'cancelled', 'cancelled'],
      );
      assert.equal(pretend.count('distillChunk'), 1);
    });
  });

  it('takes the cells that are in the store, also for another matrix', async () => {
    const pretend = new Pretend();
    await withWorkers(server, pretend, async () => {
      await (await startPipeline(server.client, sweep([1, 2]))).result();
      const { reused } = await (await startPipeline(server.client, sweep([2, 3]))).result();
      assert.deepEqual([...reused].sort(), ['distill[ipc=2]', 'evaluate[ipc=2]', 'experts']);
    });
  });

  describe('with conditions', () => {
    /** The pretended accuracy of an evaluation is 0.6. */
    const twice = (when: string) => sweep([1, 2], '', `when: ${when}`);

    it('skips what does not hold, and what needs it, and reports on the rest', async () => {
      const pretend = new Pretend();
      await withWorkers(server, pretend, async () => {
        const plan = twice('${{ stages.distill.learnedRate > 0.01 * matrix.ipc }}');
        const handle = await startPipeline(server.client, plan);
        const result = await handle.result();
        const reason = 'stages.distill.learnedRate > 0.02 does not hold: stages.distill.learnedRate is 0.02';
        assert.deepEqual(result.skipped, { 'evaluate[ipc=2]': reason });
        assert.deepEqual(Object.keys(result.stages).sort(), [
          'distill[ipc=1]',
          'distill[ipc=2]',
          'evaluate[ipc=1]',
          'experts',
          'report',
        ]);
        const { state, stages } = await handle.query(pipelineStatus);
        assert.equal(state, 'finished');
        const skipped = stages.find(({ id }) => id === 'evaluate[ipc=2]');
        assert.deepEqual([skipped?.state, skipped?.summary, skipped?.error], ['skipped', reason, undefined]);
      });
    });

    it('skips all where it is known before', async () => {
      const pretend = new Pretend();
      const plan = sweep([1, 2], 'when: ${{ matrix.ipc > 5 }}');
      await withWorkers(server, pretend, async () => {
        const result = await (await startPipeline(server.client, plan)).result();
        assert.deepEqual(Object.keys(result.stages).sort(), ['experts', 'report']);
        assert.equal(result.skipped?.['distill[ipc=1]'], 'its condition (when) does not hold');
        assert.match(result.skipped['evaluate[ipc=1]'] ?? '', /1 of the 1 cells of distill that it needs/);
      });
      assert.equal(pretend.count('distillChunk'), 0);
    });

    it('fails the stage whose condition has no value', async () => {
      await withWorkers(server, new Pretend(), async () => {
        const plan = twice('${{ 1 / (stages.distill.learnedRate - 0.02) > 1 }}');
        const { type, message } = await failureOf(await startPipeline(server.client, plan));
        assert.equal(type, 'InvalidDefinition');
        assert.match(message, /^stage evaluate\[ipc=[12]\]: when: .*no finite result/);
      });
    });
  });

  it('leads compute work to the queue that a stage asks for, with its demands and priority', async () => {
    const pretend = new Pretend();
    const plan = sweep([1], 'resources: { taskQueue: other, memory: 1GiB, gpu: 1 }\n    priority: 2');
    await withWorkers(server, pretend, async () => {
      const other = await Worker.create({
        connection: server.nativeConnection,
        taskQueue: 'other',
        activities: pretend.compute,
      });
      await other.runUntil(async () => {
        const handle = await startPipeline(server.client, plan);
        await handle.result();
        const child = server.client.workflow.getHandle(`${handle.workflowId}/distill[ipc=1]`);
        const { events } = await child.fetchHistory();
        const scheduled = (events ?? []).flatMap(
          ({ activityTaskScheduledEventAttributes: attributes }) => attributes ?? [],
        );
        const chunk = scheduled.find(({ activityType }) => activityType?.name === 'distillChunk');
        assert.equal(chunk?.taskQueue?.name, 'other');
        const [started] = events ?? [];
        assert.equal(started?.workflowExecutionStartedEventAttributes?.priority?.priorityKey, 2);
      });
    });
    const [chunk] = pretend.calls.filter(({ name }) => name === 'distillChunk');
    assert.deepEqual(chunk?.args[1], {
      unit: 'iterations 1–20',
      stallTimeoutSeconds: 300,
      memoryBytes: 2 ** 30,
      gpu: true,
    });
    const [trained] = pretend.calls.filter(({ name }) => name === 'trainExpert');
    assert.deepEqual(Object.keys(trained?.args[1] ?? {}), ['unit', 'stallTimeoutSeconds']);
  });

  it('writes the tags of a definition into the memos of its workflows', async () => {
    const pretend = new Pretend();
    const tags = { team: 'vision', year: '2026' };
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, { ...sweep([1]), tags });
      await handle.result();
      const memoOf = async (id: string) => (await server.client.workflow.getHandle(id).describe()).memo;
      assert.deepEqual((await memoOf(`${handle.workflowId}/distill[ipc=1]`))?.['tags'], tags);
      const { events } = await handle.fetchHistory();
      assert.ok(events?.some((event) => event.workflowPropertiesModifiedEventAttributes));
    });
    assert.equal(pretend.count('searchesTags'), 1);
  });

  it('passes on keys in place of results where there are very many cells', async () => {
    const pretend = new Pretend();
    const ipcs = Array.from({ length: 130 }, (_, index) => index + 1);
    const plan = sweep(ipcs, 'maxParallel: 40', 'maxParallel: 40');
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, plan);
      const result = await handle.result();
      assert.deepEqual(Object.keys(result.stages).sort(), ['experts', 'report']);
      const cells = ipcs.flatMap((ipc) => [`distill[ipc=${ipc}]`, `evaluate[ipc=${ipc}]`]);
      assert.deepEqual(Object.keys(result.keys ?? {}).sort(), [...cells].sort());
      const [report] = pretend.calls.filter(({ name }) => name === 'writeReport');
      const { upstream, upstreamKeys } = report?.args[0] as WriteReportInput;
      assert.deepEqual(upstream, {});
      assert.deepEqual(Object.keys(upstreamKeys ?? {}).sort(), [...cells, 'experts'].sort());
      const made = pretend.manifests.get(result.keys?.['distill[ipc=7]'] ?? '');
      assert.equal(made?.type, 'distill');
      assert.equal(upstreamKeys?.['distill[ipc=7]']?.key, made.key);
      const status = await handle.query(pipelineStatus);
      assert.deepEqual(
        status.stages.map(({ id }) => id),
        ['experts', 'report'],
      );
      assert.deepEqual(
        status.matrices?.map(({ id, states }) => [id, states]),
        [
          ['distill', { finished: 130 }],
          ['evaluate', { finished: 130 }],
        ],
      );
      const [run] = await measureRuns(server.client, handle.workflowId);
      assert.ok(
        run !== undefined && run.events < 4000 && run.largestPayload < 512 * 1024,
        JSON.stringify(run),
      );
    });
    assert.equal(pretend.count('distillChunk'), 130);
  });
});
