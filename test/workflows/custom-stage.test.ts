/**
 * @file Stages of a user's own types in a running pipeline: what they are given, what builds on them, pause,
 * repeats and the cache.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { RunCustomStageInput, UnitLimits, WriteReportInput } from '../../activities/contract.js';
import type { EvaluateNetworkInput } from '../../compute/protocol.js';
import { pausePipeline, pipelineStatus, resumePipeline } from '../../workflows/index.js';
import { timeSkippingServer } from '../support/temporal.js';
import { failureOf, startPipeline, withWorkers } from './harness.js';
import { custom, distillation, evaluation, experts, planOf, reporting } from './plans.js';
import { engine, Pretend, reference, untilCancelled } from './pretend.js';

const beforehand = [experts(), distillation(20, 20, 20)];
const again = custom({
  id: 'again',
  needs: ['sharpen'],
  with: { mode: 'hard', others: [null, null] },
  inputs: {
    amount: { stage: 'sharpen', output: 'contrast' },
    'others.0': { stage: 'sharpen', output: 'result' },
    'others.1': { stage: 'distill', output: 'metrics' },
  },
});

function inputsOf(pretend: Pretend): RunCustomStageInput[] {
  return pretend.calls
    .filter(({ name }) => name === 'runCustomStage')
    .map(({ args }) => args[0] as RunCustomStageInput);
}

describe('a stage of a user’s own type', () => {
  let server: TestWorkflowEnvironment;
  before(async () => {
    server = await timeSkippingServer();
  });
  after(() => server.teardown());

  it('is given artifacts by reference and values in its settings', async () => {
    const pretend = new Pretend();
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, planOf(...beforehand, custom(), again));
      const { stages } = await handle.result();
      assert.equal(stages['again']?.type, 'custom');
      const status = await handle.query(pipelineStatus);
      assert.deepEqual(
        status.stages.slice(2).map(({ id, type, state, done, total, summary, needs }) => ({
          id,
          type,
          state,
          done,
          total,
          summary,
          needs,
        })),
        [
          {
            id: 'sharpen',
            type: 'custom/sharpen',
            state: 'finished',
            done: 1,
            total: 1,
            summary: 'result of 18 bytes, contrast 0.25',
            needs: ['distill'],
          },
          {
            id: 'again',
            type: 'custom/sharpen',
            state: 'finished',
            done: 1,
            total: 1,
            summary: 'result of 16 bytes, contrast 0.25',
            needs: ['sharpen', 'distill'],
          },
        ],
      );
    });
    const [first, second] = inputsOf(pretend);
    assert.deepEqual(first?.stage.with, { mode: 'soft' });
    assert.deepEqual(first.inputs, { images: reference('candidate 20') });
    assert.deepEqual(second?.stage.with, { mode: 'hard', others: [null, null], amount: 0.25 });
    assert.deepEqual(second.inputs, {
      'others.0': reference('sharpen of sharpen'),
      'others.1': reference('metrics 20'),
    });
  });

  it('makes images that are evaluated beside as many random ones, and is in the report', async () => {
    const pretend = new Pretend();
    const evaluate = evaluation({
      needs: ['sharpen'],
      with: { ...evaluation().with, dataset: { stage: 'sharpen', output: 'result' } },
    });
    await withWorkers(server, pretend, async () => {
      const plan = planOf(...beforehand, custom(), evaluate, reporting(['evaluate']));
      await (await startPipeline(server.client, plan)).result();
    });
    const trained = pretend.calls
      .filter(({ name }) => name === 'evaluateNetwork')
      .map(({ args }) => args[0] as EvaluateNetworkInput)
      .filter(({ split }) => split === 'test')
      .map(({ trainingSet }) => JSON.stringify(trainingSet));
    assert.deepEqual(
      [...new Set(trained)].map((set) => JSON.parse(set) as unknown),
      [
        { kind: 'distilled', result: reference('sharpen of sharpen') },
        { kind: 'random', ipc: 2 },
      ],
    );
    const [report] = pretend.calls.filter(({ name }) => name === 'writeReport');
    const { upstream } = report?.args[0] as WriteReportInput;
    assert.equal(upstream['sharpen']?.manifest.output.type, 'custom');
  });

  it('runs in the compute process when its type says so, and its result tells by what engine', async () => {
    const pretend = new Pretend();
    const limits = { memoryBytes: 2 ** 30 };
    const stage = custom({ runs: 'compute', stallTimeoutSeconds: 70, resources: limits });
    await withWorkers(server, pretend, async () => {
      await (await startPipeline(server.client, planOf(...beforehand, stage))).result();
    });
    assert.equal(pretend.count('runCustomStage'), 0);
    const [call, ...others] = pretend.calls.filter(({ name }) => name === 'computeStage');
    assert.equal(others.length, 0);
    const [given, asked] = call?.args as [RunCustomStageInput, UnitLimits];
    assert.deepEqual(given.inputs, { images: reference('candidate 20') });
    assert.deepEqual(asked, { unit: 'custom/sharpen', stallTimeoutSeconds: 70, ...limits });
    const manifest = [...pretend.manifests.values()].find(({ type }) => type === 'custom');
    assert.deepEqual(manifest?.engine, engine);
  });

  it('is taken from the store when nothing has changed, and made anew when a value has', async () => {
    let contrast = 0.25;
    const pretend = new Pretend();
    const light = {
      ...pretend.light,
      runCustomStage: async (...args: Parameters<typeof pretend.light.runCustomStage>) => {
        const output = await pretend.light.runCustomStage(...args);
        return { ...output, outputs: { ...output.outputs, contrast } };
      },
    };
    const fresh = custom({ cache: false });
    await withWorkers(server, { light, compute: pretend.compute }, async () => {
      const run = async () =>
        (await startPipeline(server.client, planOf(...beforehand, fresh, again))).result();
      await run();
      assert.deepEqual((await run()).reused, ['experts', 'distill', 'again']);
      contrast = 0.5;
      assert.deepEqual((await run()).reused, ['experts', 'distill']);
    });
    assert.deepEqual(
      inputsOf(pretend).map(({ stage }) => stage.id),
      ['sharpen', 'again', 'sharpen', 'sharpen', 'again'],
    );
  });

  it('is tried again within its budget, and fails with its reason when that is used up', async () => {
    const pretend = new Pretend(({ name }) => {
      if (name === 'runCustomStage')
        throw ApplicationFailure.create({ message: 'Error: no luck', type: 'ComputeFailed' });
    });
    const stage = custom({ retry: { failures: 2, preemptions: null, backoffSeconds: 1 } });
    await withWorkers(server, pretend, async () => {
      assert.deepEqual(await failureOf(await startPipeline(server.client, planOf(...beforehand, stage))), {
        type: 'ComputeFailed',
        message:
          'stage sharpen: custom/sharpen failed 3 times and lost its worker 0 times, more than `retry.failures: 2` allows; last: Error: no luck',
      });
    });
    assert.equal(pretend.count('runCustomStage'), 3);
  });

  it('is stopped by a pause and done again afterwards, at no cost to its budget', async () => {
    let started: () => void = () => undefined;
    const running = new Promise<void>((resolve) => (started = resolve));
    const pretend = new Pretend(async ({ name }, nth) => {
      if (name !== 'runCustomStage' || nth > 1) return;
      started();
      await untilCancelled();
    });
    const stage = custom({ retry: { failures: 0, preemptions: 0, backoffSeconds: 1 } });
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, planOf(...beforehand, stage));
      await running;
      await handle.executeUpdate(pausePipeline, { args: [undefined] });
      const sharpen = async () =>
        (await handle.query(pipelineStatus)).stages.find(({ id }) => id === 'sharpen');
      while ((await sharpen())?.state !== 'paused') await new Promise((resolve) => setTimeout(resolve, 50));
      await handle.executeUpdate(resumePipeline);
      await handle.result();
      const { failures, preemptions } = (await sharpen()) ?? {};
      assert.deepEqual([failures, preemptions], [0, 0]);
    });
    assert.equal(pretend.count('runCustomStage'), 2);
  });
});
