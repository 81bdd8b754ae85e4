/**
 * @file Pipelines that take results of other runs, and runs that compute some stages anew.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { BeginStageInput, ResolveImportsInput } from '../../activities/contract.js';
import type { DistillChunkInput } from '../../compute/protocol.js';
import type { Plan } from '../../definition/plan.js';
import { pipelineStatus } from '../../workflows/index.js';
import { timeSkippingServer } from '../support/temporal.js';
import { failureOf, startPipeline, withWorkers } from './harness.js';
import { distillation, evaluation, fullPlan, planOf, reporting, takenExperts as taken } from './plans.js';
import { Pretend, reference } from './pretend.js';

const plan: Plan = {
  ...planOf(distillation(40, 15, 20), evaluation(), reporting(['distill', 'evaluate'])),
  imports: [{ id: 'experts', uses: 'train-experts', from: { workflowId: 'other', stage: 'experts' } }],
};

describe('results of other runs', () => {
  let server: TestWorkflowEnvironment;
  before(async () => {
    server = await timeSkippingServer();
  });
  after(() => server.teardown());

  it('stand for a stage: nothing is computed for it, and its digest is the input of what builds on it', async () => {
    const pretend = new Pretend();
    pretend.imported = { experts: taken };
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, plan);
      const result = await handle.result();
      assert.deepEqual(Object.keys(result.stages), ['experts', 'distill', 'evaluate', 'report']);
      assert.deepEqual(result.reused, ['experts']);
      const { stages } = await handle.query(pipelineStatus);
      assert.deepEqual(
        stages.map(({ id, state }) => [id, state]),
        [
          ['experts', 'cached'],
          ['distill', 'finished'],
          ['evaluate', 'finished'],
          ['report', 'finished'],
        ],
      );
      assert.equal(stages[0]?.summary, '9 experts, test accuracy 90.0 ± 1.0 %');
    });
    assert.equal(pretend.count('trainExpert'), 0);
    const [asked] = pretend.calls.filter(({ name }) => name === 'resolveImports');
    const { imports, stages } = (asked?.args[0] as ResolveImportsInput).plan;
    assert.deepEqual(imports, plan.imports);
    assert.deepEqual(stages, plan.stages.slice(0, 1));
    const chunks = pretend.calls.filter(({ name }) => name === 'distillChunk');
    for (const { args } of chunks)
      assert.deepEqual((args[0] as DistillChunkInput).trajectories, reference('experts of another run'));
    const begun = pretend.calls
      .filter(({ name }) => name === 'beginStage')
      .map(({ args }) => args[0] as BeginStageInput);
    assert.deepEqual(begun[0]?.inputs, { trajectories: reference('experts of another run') });
    // The evaluation shows what these experts reached on everything.
    assert.deepEqual(Object.keys(begun[1]?.inputs ?? {}), ['dataset', 'experts experts']);
  });

  it('that cannot be taken end the pipeline before any stage begins', async () => {
    const pretend = new Pretend(({ name }) => {
      if (name === 'resolveImports')
        throw ApplicationFailure.nonRetryable('stages.experts.from: gone', 'InvalidDefinition');
    });
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, plan);
      assert.deepEqual(await failureOf(handle), {
        type: 'InvalidDefinition',
        message: 'stages.experts.from: gone',
      });
    });
    assert.equal(pretend.count('beginStage'), 0);
  });

  it('a run computes the stages it is told to, and what needs them, and takes the others from the store', async () => {
    const pretend = new Pretend();
    await withWorkers(server, pretend, async () => {
      await (await startPipeline(server.client, fullPlan())).result();
      const experts = pretend.count('trainExpert');
      const chunks = pretend.count('distillChunk');
      const again = await startPipeline(server.client, fullPlan(), { recompute: ['distill'] });
      assert.deepEqual((await again.result()).reused, ['experts']);
      assert.equal(pretend.count('trainExpert'), experts);
      assert.equal(pretend.count('distillChunk'), 2 * chunks);
      const fresh = pretend.calls
        .filter(({ name }) => name === 'beginStage')
        .slice(4)
        .map(({ args }) => args[0] as BeginStageInput)
        .map(({ stage, run, cache }) => [stage.id, cache, run.fresh === again.firstExecutionRunId]);
      assert.deepEqual(fresh, [
        ['experts', true, false],
        ['distill', false, true],
        ['evaluate', false, true],
        ['report', false, true],
      ]);
    });
  });

  it('a run that is to compute a stage which it does not have says which it has', async () => {
    await withWorkers(server, new Pretend(), async () => {
      const handle = await startPipeline(server.client, fullPlan(), { recompute: ['destill'] });
      const { type, message } = await failureOf(handle);
      assert.equal(type, 'InvalidDefinition');
      assert.match(message, /no stage destill; there are experts, distill, evaluate, report/);
    });
  });
});
