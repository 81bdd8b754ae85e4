/**
 * @file Histories stay short: long stages continue as new, and a pipeline hears of them seldom.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { FinishStageInput } from '../../activities/contract.js';
import type { DistillChunkInput, EvaluateNetworkInput } from '../../compute/protocol.js';
import { timeSkippingServer } from '../support/temporal.js';
import { startPipeline, withWorkers } from './harness.js';
import { distillation, evaluation, experts, planOf } from './plans.js';
import { Pretend } from './pretend.js';

describe('histories', () => {
  let server: TestWorkflowEnvironment;
  before(async () => {
    server = await timeSkippingServer();
  });
  after(() => server.teardown());

  it('distils 2,000 chunks without a gap in several short runs', async () => {
    const pretend = new Pretend();
    const stage = { ...distillation(4000, 2, 400), maxParallel: 4 };
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, planOf(experts(), stage));
      await handle.result();
      const chunks = pretend.calls
        .filter(({ name }) => name === 'distillChunk')
        .map(({ args }) => args[0] as DistillChunkInput);
      assert.equal(chunks.length, 2000);
      chunks.forEach(({ from, to }, index) => assert.deepEqual([from, to], [2 * index, 2 * index + 2]));
      // Two networks for each of ten candidates, none of them twice.
      assert.equal(pretend.count('evaluateNetwork'), 20);
      assert.equal(pretend.outputs().distill?.candidates.length, 10);

      const parent = await handle.describe();
      assert.ok(parent.historyLength < 400, `the pipeline has ${parent.historyLength} events`);
      const last = await server.client.workflow.getHandle(`${handle.workflowId}/distill`).describe();
      assert.ok(last.historyLength < 3200, `the last run has ${last.historyLength} events`);
      const first = await firstRun(`${handle.workflowId}/distill`);
      assert.notEqual(last.runId, first);
      // The stage began with its first run, not with its last.
      const began = await server.client.workflow.getHandle(`${handle.workflowId}/distill`, first).describe();
      const { startedAt } = pretend.calls.findLast(({ name }) => name === 'finishStage')
        ?.args[0] as FinishStageInput;
      assert.equal(startedAt, began.startTime.toISOString());
    });
  });

  it('trains 1,500 experts, each once, in several runs', async () => {
    const pretend = new Pretend();
    const stage = experts({ with: { ...experts().with, count: 1500 }, maxParallel: 8 });
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, planOf(stage));
      await handle.result();
      assert.equal(pretend.count('trainExpert'), 1500);
      assert.equal(pretend.outputs()['train-experts']?.count, 1500);
      const last = await server.client.workflow.getHandle(`${handle.workflowId}/experts`).describe();
      assert.ok(last.historyLength < 3200, `the last run has ${last.historyLength} events`);
      assert.notEqual(last.runId, await firstRun(`${handle.workflowId}/experts`));
    });
  });

  it('evaluates 1,200 networks, each once, in several runs', async () => {
    const pretend = new Pretend();
    const evaluate = evaluation();
    const stage = { ...evaluate, maxParallel: 8, with: { ...evaluate.with, runs: 600 } };
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(
        server.client,
        planOf(experts(), { ...distillation(2, 2, 2) }, stage),
      );
      await handle.result();
      const runs = pretend.calls
        .filter(({ name }) => name === 'evaluateNetwork')
        .map(({ args }) => args[0] as EvaluateNetworkInput)
        .filter(({ split }) => split === 'test')
        .map(({ trainingSet, run }) => `${trainingSet.kind} ${run}`);
      assert.equal(runs.length, 1200);
      assert.equal(new Set(runs).size, 1200);
      const rows = pretend.outputs().evaluate?.rows ?? [];
      assert.deepEqual(
        rows.map(({ accuracies }) => accuracies.length),
        [600, 600],
      );
      const id = `${handle.workflowId}/${stage.id}`;
      const last = await server.client.workflow.getHandle(id).describe();
      assert.ok(last.historyLength < 3200, `the last run has ${last.historyLength} events`);
      assert.notEqual(last.runId, await firstRun(id));
    });
  });

  async function firstRun(workflowId: string): Promise<string> {
    const { raw } = await server.client.workflow.getHandle(workflowId).describe();
    return raw.workflowExecutionInfo?.firstRunId ?? '';
  }
});
