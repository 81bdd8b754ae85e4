/**
 * @file What the stages of a pipeline ask of their activities, as they are configured.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type {
  BeginStageInput,
  SelectCandidateInput,
  SummariseEvaluationInput,
} from '../../activities/contract.js';
import type { DistillChunkInput, EvaluateNetworkInput, SelectImagesInput } from '../../compute/protocol.js';
import type { KipConfig } from '../../definition/plan.js';
import type { NetworkSpec } from '../../networks/spec.js';
import { pipelineStatus } from '../../workflows/index.js';
import { timeSkippingServer } from '../support/temporal.js';
import { startPipeline, withWorkers } from './harness.js';
import { distillation, evaluation, experts, network, planOf, selection } from './plans.js';
import { Pretend, reference } from './pretend.js';

describe('stages of a pipeline', () => {
  let server: TestWorkflowEnvironment;
  before(async () => {
    server = await timeSkippingServer();
  });
  after(() => server.teardown());

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
});
