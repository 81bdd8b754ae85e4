/**
 * @file The pipeline from start to end, with pretend activities: order, reuse, failure of a stage, cancel.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type {
  DistillChunkInput,
  EvaluateNetworkInput,
  SelectImagesInput,
  TrainExpertInput,
} from '../../compute/protocol.js';
import type {
  BeginStageInput,
  SelectCandidateInput,
  SummariseEvaluationInput,
  WriteReportInput,
} from '../../activities/contract.js';
import type { KipConfig } from '../../definition/plan.js';
import { pipelineStatus } from '../../workflows/index.js';
import { timeSkippingServer } from '../support/temporal.js';
import { failureOf, startPipeline, withWorkers } from './harness.js';
import type { NetworkSpec } from '../../networks/spec.js';
import {
  distillation,
  evaluation,
  experts,
  fullPlan,
  network,
  planOf,
  reporting,
  selection,
} from './plans.js';
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

  it('evaluates every architecture, several at once', async () => {
    const pretend = new Pretend(({ name }) =>
      name === 'evaluateNetwork' ? new Promise((resolve) => setTimeout(resolve, 50)) : undefined,
    );
    const networks: NetworkSpec[] = [network, { architecture: 'ResNet18', norm: 'instance' }];
    const { with: config } = evaluation();
    const stage = evaluation({ maxParallel: 3, with: { ...config, networks } });
    await withWorkers(server, pretend, async () => {
      const plan = planOf(experts(), distillation(20, 20, 20), stage);
      await (await startPipeline(server.client, plan)).result();
    });
    const trained = pretend.calls
      .filter(({ name }) => name === 'evaluateNetwork')
      .map(({ args }) => args[0] as EvaluateNetworkInput)
      .filter(({ split }) => split === 'test');
    assert.deepEqual(
      trained
        .map(({ network: of, trainingSet, run }) => `${of.architecture} ${trainingSet.kind} ${run}`)
        .sort(),
      ['ConvNet', 'ResNet18'].flatMap((name) =>
        ['distilled', 'random'].flatMap((kind) => [0, 1].map((run) => `${name} ${kind} ${run}`)),
      ),
    );
    assert.ok(pretend.mostAtOnce >= 3, `${pretend.mostAtOnce} at once`);
    const [summary] = pretend.calls.filter(({ name }) => name === 'summariseEvaluation');
    const { scores } = summary?.args[0] as SummariseEvaluationInput;
    assert.deepEqual(
      scores.map(({ trainedOn, network: of, accuracies }) => [trainedOn, of, accuracies.length]),
      ['distilled', 'random'].flatMap((trainedOn) => networks.map((of) => [trainedOn, of, 2])),
    );
    const [resolved] = pretend.calls.filter(({ name }) => name === 'resolveDataset');
    assert.deepEqual(resolved?.args[2], networks);
    assert.equal(resolved.args[3], 1);
  });

  it('trains on the whole set what no expert stands for, as often and as long as that says', async () => {
    const pretend = new Pretend();
    const resNet: NetworkSpec = { architecture: 'ResNet18', norm: 'instance' };
    const { with: config } = evaluation();
    const { lr, ...own } = {
      lr: 0.02,
      momentum: 0,
      weightDecay: 0,
      batchSize: 64,
      augmentation: 'none',
    } as const;
    const full = { networks: [resNet], runs: 3, epochs: 5, lr, ...own };
    const stage = evaluation({
      with: { ...config, networks: [network, resNet], runs: 1, baselines: ['random', 'full'], full },
    });
    await withWorkers(server, pretend, async () => {
      const plan = planOf(experts(), distillation(20, 20, 20), stage);
      const handle = await startPipeline(server.client, plan);
      await handle.result();
      const status = (await handle.query(pipelineStatus)).stages.find(({ id }) => id === 'evaluate');
      assert.deepEqual([status?.done, status?.total], [7, 7]);
    });
    const whole = pretend.calls
      .filter(({ name }) => name === 'evaluateNetwork')
      .map(({ args }) => args[0] as EvaluateNetworkInput)
      .filter(({ trainingSet }) => trainingSet.kind === 'full');
    assert.deepEqual(
      whole.map(({ run }) => run),
      [0, 1, 2],
    );
    for (const {
      network: of,
      split,
      epochs,
      lr: rate,
      momentum,
      weightDecay,
      batchSize,
      augmentation,
    } of whole)
      assert.deepEqual(
        { of, split, epochs, rate, momentum, weightDecay, batchSize, augmentation },
        { of: resNet, split: 'test', epochs: 5, rate: lr, ...own },
      );
    const [summary] = pretend.calls.filter(({ name }) => name === 'summariseEvaluation');
    const { scores, ofFull } = summary?.args[0] as SummariseEvaluationInput;
    assert.equal(ofFull, true);
    assert.deepEqual(
      scores.map(({ trainedOn, network: of, accuracies }) => [trainedOn, of.architecture, accuracies.length]),
      [
        ['distilled', 'ConvNet', 1],
        ['distilled', 'ResNet18', 1],
        ['random', 'ConvNet', 1],
        ['random', 'ResNet18', 1],
        ['full', 'ResNet18', 3],
      ],
    );
  });

  it('selects images by the experts, and evaluates them beside as many random ones', async () => {
    const pretend = new Pretend();
    const evaluate = evaluation({
      needs: ['coreset'],
      with: { ...evaluation().with, dataset: { stage: 'coreset', output: 'result' } },
    });
    const random = selection({
      id: 'random',
      needs: [],
      with: { method: { name: 'random' }, ipc: 2, lr: 0.01 },
    });
    const plan = planOf(experts(), selection(), random, evaluate);
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, plan);
      const result = await handle.result();
      assert.deepEqual(result.stages.coreset, {
        type: 'select',
        result: reference('herding 5'),
        method: 'herding',
        count: 5,
      });
      const status = await handle.query(pipelineStatus);
      assert.deepEqual(
        status.stages.slice(1, 3).map(({ done, total, summary }) => [done, total, summary]),
        [
          [1, 1, '5 real images by herding'],
          [1, 1, '2 real images by random'],
        ],
      );
    });
    const asked = pretend.calls.filter(({ name }) => name === 'selectImages').map(({ args }) => args[0]);
    const trajectories = pretend.outputs()['train-experts']?.trajectories;
    const inputs = asked as SelectImagesInput[];
    assert.deepEqual(inputs.map((input) => [input.config.method.name, input.trajectories]).toSorted(), [
      ['herding', trajectories],
      ['random', undefined],
    ]);
    const [summary] = pretend.calls.find(({ name }) => name === 'summariseEvaluation')?.args ?? [];
    assert.deepEqual(
      (summary as SummariseEvaluationInput).scores.map(({ trainedOn }) => trainedOn),
      ['selected', 'random'],
    );
    const trained = pretend.calls.filter(({ name }) => name === 'evaluateNetwork').map(({ args }) => args[0]);
    const sets = new Set(trained.map((input) => JSON.stringify((input as EvaluateNetworkInput).trainingSet)));
    assert.deepEqual(
      [...sets].map((set) => JSON.parse(set) as unknown),
      [
        { kind: 'distilled', result: reference('herding 5') },
        { kind: 'random', ipc: 5 },
      ],
    );
  });

  it('distils without experts, when the method follows none', async () => {
    const pretend = new Pretend();
    const { ipc, iterations, init, augmentation, selection: chosen } = distillation(4, 2, 2).with;
    const method = { name: 'dm', lrImg: 1, momentum: 0.5, batchReal: 8, lrTrain: 0.01 } as const;
    const stage = {
      ...distillation(4, 2, 2),
      needs: [],
      with: { method, ipc, iterations, init, augmentation, selection: chosen },
    };
    await withWorkers(server, pretend, async () => {
      const result = await (await startPipeline(server.client, planOf(stage, evaluation()))).result();
      assert.equal(result.stages.distill?.type, 'distill');
    });
    const chunks = pretend.calls
      .filter(({ name }) => name === 'distillChunk')
      .map(({ args }) => args[0] as DistillChunkInput);
    assert.deepEqual(
      chunks.map((chunk) => [chunk.from, chunk.to, chunk.config.method, chunk.trajectories]),
      [
        [0, 2, method, undefined],
        [2, 4, method, undefined],
      ],
    );
    assert.equal(pretend.count('trainExpert'), 0);
  });

  it('distils from selected images, and says what a kernel makes of the result', async () => {
    const pretend = new Pretend();
    const { ipc, iterations, augmentation, selection: chosen } = distillation(4, 2, 2).with;
    const method: KipConfig = {
      ...{ name: 'kip', depth: 1, weightVariance: 2, biasVariance: 0.01, ridge: 1e-6 },
      ...{ lrImg: 0.04, batchReal: 8, lrTrain: 0.01 },
    };
    const init = { stage: 'coreset', output: 'result' };
    const stage = {
      ...distillation(4, 2, 2),
      needs: ['coreset'],
      with: { method, ipc, iterations, init, augmentation, selection: chosen },
    };
    const random = selection({ needs: [], with: { method: { name: 'random' }, ipc: 1, lr: 0.01 } });
    await withWorkers(server, pretend, async () => {
      const handle = await startPipeline(server.client, planOf(random, stage, evaluation()));
      await handle.result();
      const { stages } = await handle.query(pipelineStatus);
      const metrics = stages.find(({ id }) => id === 'distill')?.metrics;
      assert.deepEqual([metrics?.kernelHoldoutAccuracy, metrics?.kernelTestAccuracy], [0.5, 0.25]);
    });
    const chunks = pretend.calls
      .filter(({ name }) => name === 'distillChunk')
      .map(({ args }) => args[0] as DistillChunkInput);
    assert.deepEqual(
      chunks.map((chunk) => [chunk.config.init, chunk.initial, chunk.trajectories]),
      chunks.map(() => ['given', reference('random 1'), undefined]),
    );
    const [begun] = pretend.calls
      .filter(({ name }) => name === 'beginStage')
      .map(({ args }) => args[0] as BeginStageInput)
      .filter((input) => input.stage.id === 'distill');
    assert.deepEqual(begun?.inputs, { initial: reference('random 1') });
    const [choice] = pretend.calls.find(({ name }) => name === 'selectCandidate')?.args ?? [];
    assert.deepEqual(
      (choice as SelectCandidateInput).candidates.map(({ kernelAccuracy }) => kernelAccuracy),
      [
        { holdout: 0.5, test: 0.25 },
        { holdout: 0.5, test: 0.25 },
      ],
    );
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
