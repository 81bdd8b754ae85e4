/**
 * @file The light activities against a store in memory.
 */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import type { MockActivityEnvironment } from '@temporalio/testing';
import type {
  LightActivities,
  SummariseEvaluationInput,
  WriteReportInput,
} from '../../activities/contract.js';
import { createLightActivities, type LightDependencies } from '../../activities/index.js';
import { stageIdentity } from '../../activities/stage-identity.js';
import { datasetKey } from '../../artifacts/layout.js';
import type { ArtifactStore } from '../../artifacts/store.js';
import { getTrajectory, getTrajectorySet } from '../../artifacts/trajectories.js';
import type { NetworkSpec } from '../../networks/spec.js';
import type { ReportInput } from '../../report/input.js';
import { MemoryStore } from '../support/memory-store.js';
import { distillation, evaluation, experts, network, planOf, reporting } from '../workflows/plans.js';
import { datasetManifest, perform, putExpert, referenceTo, run, surroundings } from './fixtures.js';

describe('light activities', () => {
  let store: MemoryStore;
  let environment: MockActivityEnvironment;
  beforeEach(() => {
    store = new MemoryStore();
    environment = surroundings();
  });

  function activities(change: Partial<LightDependencies> = {}): LightActivities {
    return createLightActivities({
      store: () => Promise.resolve(store),
      importBuiltin: () => Promise.resolve(undefined),
      writeReport: () => Promise.reject(new Error('no report is expected')),
      versions: { distillery: '0.0.0' },
      ...change,
    });
  }

  async function failure(promise: Promise<unknown>): Promise<ApplicationFailure> {
    const error: unknown = await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ApplicationFailure, String(error));
    return error;
  }

  it('compiles a definition and keeps its text', async () => {
    const text = [
      'name: tiny',
      'params: { ipc: { type: integer, default: 1 } }',
      'seed: 3',
      'dataset: { source: fashion-mnist, holdout: 100 }',
      'network: { architecture: ConvNet, depth: 3, width: 8 }',
      'stages:',
      '  experts: { uses: train-experts, with: { count: 2, epochs: 3 } }',
      '',
    ].join('\n');
    const { compileDefinition } = activities();
    const fromBytes = await perform(
      environment,
      compileDefinition,
      new TextEncoder().encode(text),
      undefined,
    );
    assert.equal(fromBytes.plan.name, 'tiny');
    assert.equal(fromBytes.plan.seed, 3);
    assert.ok('stages' in fromBytes.plan);
    assert.deepEqual(
      fromBytes.plan.stages.map(({ id, uses }) => [id, uses]),
      [['experts', 'train-experts']],
    );
    assert.equal(new TextDecoder().decode(await store.get(fromBytes.definition)), text);
    const fromText = await perform(environment, compileDefinition, text, { ipc: 5 });
    assert.deepEqual(fromText.plan.params, { ipc: 5 });
    assert.deepEqual(fromText.definition, fromBytes.definition);
  });

  it('fails without retry and without a stack when the definition is wrong', async () => {
    const { compileDefinition } = activities();
    const error = await failure(perform(environment, compileDefinition, 'name: [', undefined));
    assert.equal(error.type, 'InvalidDefinition');
    assert.equal(error.nonRetryable, true);
    assert.equal(error.stack, '');
    assert.match(error.message, /1/);
  });

  it('finds a data set that is there', async () => {
    const { reference } = await store.putManifest(datasetKey('pretend'), datasetManifest(1000));
    const { resolveDataset } = activities();
    const found = await perform(
      environment,
      resolveDataset,
      { source: 'pretend', holdout: 100, limit: 900 },
      7,
    );
    assert.deepEqual(found, { manifest: reference, limit: 900, holdout: 100, seed: 7 });
  });

  it('imports a built-in data set once', async () => {
    let imports = 0;
    const { resolveDataset } = activities({
      importBuiltin: async (target, name) => {
        imports += 1;
        return (await target.putManifest(datasetKey(name), datasetManifest(1000))).reference;
      },
    });
    const first = await perform(environment, resolveDataset, { source: 'built-in', holdout: 100 }, 7);
    const second = await perform(environment, resolveDataset, { source: 'built-in', holdout: 100 }, 7);
    assert.deepEqual(first, second);
    assert.equal(imports, 1);
  });

  for (const damage of ['its manifest is damaged', 'a shard is missing']) {
    it(`imports a built-in data set again when ${damage}, and says so of any other`, async () => {
      let imports = 0;
      const whole = async (target: ArtifactStore) => {
        const shard = await target.putBlob(new TextEncoder().encode('images'), 'text/plain');
        const train = { count: 1000, shards: [shard] };
        return target.putManifest(datasetKey('pretend'), { ...datasetManifest(1000), train });
      };
      const spoil = async () => {
        const { key } = await store.putBlob(new TextEncoder().encode('images'), 'text/plain');
        if (damage.includes('shard')) await store.remove(key);
        else await store.putObject(datasetKey('pretend'), new Uint8Array(9), 'text/plain');
      };
      const { reference } = await whole(store);
      await spoil();
      const builtin = activities({
        importBuiltin: async (target) => {
          imports += 1;
          return (await whole(target)).reference;
        },
      });
      const spec = { source: 'pretend', holdout: 100 };
      const { manifest } = await perform(environment, builtin.resolveDataset, spec, 7);
      assert.deepEqual([imports, manifest], [1, reference]);
      await spoil();
      const error = await failure(perform(environment, activities().resolveDataset, spec, 7));
      assert.equal(error.type, 'InvalidDataset');
      assert.match(error.message, /Import the data set again with `distillery dataset import`/);
    });
  }

  it('says which data sets there are when the one asked for is not', async () => {
    await store.putManifest(datasetKey('cats'), datasetManifest(1000));
    const { resolveDataset } = activities();
    const error = await failure(perform(environment, resolveDataset, { source: 'dogs', holdout: 100 }, 7));
    assert.equal(error.type, 'InvalidDataset');
    assert.equal(error.nonRetryable, true);
    assert.match(error.message, /No data set dogs in memory \(there are cats\).*distillery dataset import/);
  });

  it('refuses networks that cannot take its images, with sizes that work', async () => {
    await store.putManifest(datasetKey('tiny-images'), {
      ...datasetManifest(1000),
      shape: { channels: 3, height: 12, width: 16 },
    });
    const { resolveDataset } = activities();
    const spec = { source: 'tiny-images', holdout: 100 };
    const resolve = (network: NetworkSpec) =>
      perform(environment, resolveDataset, spec, 7, [{ architecture: 'MLP' }, network]);
    const error = await failure(resolve({ architecture: 'VGG11', norm: 'instance' }));
    assert.equal(error.type, 'InvalidDefinition');
    assert.equal(error.nonRetryable, true);
    assert.match(
      error.message,
      /VGG11 does not suit the data set tiny-images: VGG11 takes images of at least 32 x 32 .* have 12 x 16/,
    );
    await resolve({ architecture: 'ResNet18', norm: 'batch' });
  });

  it('refuses a split that the data set is too small for', async () => {
    await store.putManifest(datasetKey('cats'), datasetManifest(1000));
    const { resolveDataset } = activities();
    const spec = { source: 'cats', holdout: 500, limit: 501 };
    const error = await failure(perform(environment, resolveDataset, spec, 7));
    assert.equal(error.type, 'InvalidDataset');
    assert.match(error.message, /1000 training images.*`holdout` 500 and `limit` 501/);
  });

  it('refuses more images of a class than there are on the average', async () => {
    const manifest = datasetManifest(1000);
    await store.putManifest(datasetKey('birds'), manifest);
    const { resolveDataset } = activities();
    const spec = { source: 'birds', holdout: 100, limit: 20 * manifest.classes };
    const resolve = (perClass: number) => perform(environment, resolveDataset, spec, 7, [], perClass);
    assert.equal((await resolve(20)).perClass, 20);
    assert.equal('perClass' in (await resolve(0)), false);
    const error = await failure(resolve(21));
    assert.equal(error.type, 'InvalidDefinition');
    assert.match(
      error.message,
      /ipc is 21, but \d+ training images of \d+ classes are left of birds: lower ipc/,
    );
  });

  it('records experts as a set with their accuracies', async () => {
    const trajectories = [
      await putExpert(store, 0, [0.1, 0.5, 0.7]),
      await putExpert(store, 1, [0.1, 0.7, 0.9]),
    ];
    const { recordTrajectorySet } = activities();
    const output = await perform(environment, recordTrajectorySet, { key: 'k', network, trajectories });
    const { trajectories: set, accuracyByEpoch, ...rest } = output;
    assert.deepEqual(rest, { type: 'train-experts', count: 2, accuracy: 0.8, std: rest.std });
    assert.ok(Math.abs(rest.std - 0.1) < 1e-12);
    assert.deepEqual(
      accuracyByEpoch.map((value) => Number(value.toFixed(6))),
      [0.1, 0.6, 0.8],
    );
    assert.deepEqual((await getTrajectorySet(store, set)).trajectories, trajectories);
  });

  it('selects by held-out accuracy, and the last iteration where there is none', async () => {
    const { selectCandidate } = activities();
    const candidate = (iteration: number, accuracies: number[]) => ({
      iteration,
      result: referenceTo(`blobs/${iteration}`),
      learnedRate: iteration / 1000,
      accuracies,
      kernelAccuracy: { holdout: iteration / 100, test: iteration / 200 },
    });
    const metrics = referenceTo('blobs/metrics');
    const chosen = await perform(environment, selectCandidate, {
      candidates: [candidate(20, [0.5, 0.6]), candidate(40, [0.6, 0.7]), candidate(60, [0.4, 0.7])],
      iterations: 60,
      metrics,
    });
    assert.equal(chosen.iteration, 40);
    assert.equal(chosen.learnedRate, 0.04);
    assert.deepEqual(chosen.kernelAccuracy, { holdout: 0.4, test: 0.2 });
    assert.deepEqual(chosen.result, referenceTo('blobs/40'));
    assert.deepEqual(
      chosen.candidates.map(({ iteration, accuracy }) => [iteration, Number(accuracy.toFixed(3))]),
      [
        [20, 0.55],
        [40, 0.65],
        [60, 0.55],
      ],
    );
    const unevaluated = await perform(environment, selectCandidate, {
      candidates: [candidate(20, []), candidate(40, [])],
      iterations: 40,
      metrics,
    });
    assert.equal(unevaluated.iteration, 40);
    assert.deepEqual(unevaluated.candidates, []);
  });

  it('tabulates evaluations beside the experts', async () => {
    const { recordTrajectorySet, summariseEvaluation } = activities();
    const trajectories = [await putExpert(store, 0, [0.1, 0.7]), await putExpert(store, 1, [0.1, 0.9])];
    const set = await perform(environment, recordTrajectorySet, { key: 'k', network, trajectories });
    const output = await perform(environment, summariseEvaluation, {
      scores: [
        { trainedOn: 'distilled', network, accuracies: [0.5, 0.7] },
        { trainedOn: 'random', network, accuracies: [0.3, 0.3] },
      ],
      experts: [set.trajectories],
    });
    assert.deepEqual(
      output.rows.map(({ trainedOn, architecture, mean, accuracies }) => [
        trainedOn,
        architecture,
        Number(mean.toFixed(3)),
        accuracies,
      ]),
      [
        ['distilled', 'ConvNet', 0.6, [0.5, 0.7]],
        ['random', 'ConvNet', 0.3, [0.3, 0.3]],
        ['full', 'ConvNet', 0.8, [0.7, 0.9]],
      ],
    );
    const document = JSON.parse(new TextDecoder().decode(await store.get(output.scores))) as typeof output;
    assert.deepEqual(document.rows, output.rows);
  });

  it('says what share of the whole set a result is, and who trained on that', async () => {
    const { recordTrajectorySet, summariseEvaluation } = activities();
    const trajectories = [await putExpert(store, 2, [0.1, 0.8])];
    const set = await perform(environment, recordTrajectorySet, { key: 'full', network, trajectories });
    const resNet = { architecture: 'ResNet18', norm: 'instance' } as const;
    const measured = [
      { trainedOn: 'distilled', network, accuracies: [0.5, 0.7] },
      { trainedOn: 'distilled', network: resNet, accuracies: [0.2, 0.4] },
      { trainedOn: 'full', network: resNet, accuracies: [0.9, 0.9] },
    ] as const;
    const brief = async (scores: SummariseEvaluationInput['scores']) => {
      const input = { scores, experts: [set.trajectories], ofFull: true } as const;
      const { rows } = await perform(environment, summariseEvaluation, input);
      return rows.map(({ trainedOn, source, architecture, mean, ofFull }) => [
        `${architecture} ${trainedOn} ${source ?? 'experts'}`,
        Number(mean.toFixed(3)),
        ofFull === undefined ? undefined : Number(ofFull.toFixed(3)),
      ]);
    };
    assert.deepEqual(await brief(measured), [
      ['ConvNet distilled experts', 0.6, 0.75],
      ['ResNet18 distilled experts', 0.3, 0.333],
      ['ResNet18 full training', 0.9, undefined],
      ['ConvNet full experts', 0.8, undefined],
    ]);
    // What was trained for the evaluation stands for the experts.
    assert.deepEqual(
      (await brief([...measured, { trainedOn: 'full', network, accuracies: [0.85] }])).slice(2),
      [
        ['ResNet18 full training', 0.9, undefined],
        ['ConvNet full training', 0.85, undefined],
      ],
    );
  });

  it('records a result under its identity and finds it again', async () => {
    const { beginStage, finishStage, recordTrajectorySet } = activities();
    const begin = { stage: experts(), run, inputs: {}, cache: true };
    const begun = await perform(environment, beginStage, begin);
    assert.deepEqual(begun, { key: stageIdentity(begin) });
    const trajectories = [await putExpert(store, 0, [0.1, 0.7])];
    const output = await perform(environment, recordTrajectorySet, { key: begun.key, network, trajectories });
    const startedAt = new Date(Date.now() - 5000).toISOString();
    const manifest = await perform(environment, finishStage, {
      key: begun.key,
      type: 'train-experts',
      output,
      startedAt,
    });
    assert.equal(manifest.workflowId, 'fmnist/experts');
    assert.equal(manifest.runId, 'run-1');
    assert.ok(manifest.seconds > 4.9 && manifest.seconds < 60, `${manifest.seconds} s`);
    assert.deepEqual(await perform(environment, beginStage, begin), { key: begun.key, cached: manifest });
    assert.deepEqual(await perform(environment, beginStage, { ...begin, cache: false }), { key: begun.key });
  });

  it('does not use an earlier result that is no longer whole, and makes way for a new one', async () => {
    const { beginStage, finishStage, recordTrajectorySet } = activities();
    const begin = { stage: experts(), run, inputs: {}, cache: true };
    const key = stageIdentity(begin);
    const startedAt = new Date().toISOString();
    const make = async (accuracy: number) => {
      const expert = await putExpert(store, 7, [0.1, accuracy]);
      const trajectories = [await putExpert(store, 6, [0.1, 0.5]), expert];
      const output = await perform(environment, recordTrajectorySet, { key, network, trajectories });
      await perform(environment, finishStage, { key, type: 'train-experts', output, startedAt });
      return { output, expert };
    };
    const { expert, output } = await make(0.7);
    const [shard] = (await getTrajectory(store, expert)).shards;
    await store.remove(shard?.object.key ?? '');
    assert.deepEqual(await perform(environment, beginStage, begin), { key });
    // Another engine may give other experts: neither the set nor the stage's result stand in their way.
    await store.remove(expert.key);
    const second = await make(0.8);
    assert.notEqual(second.output.trajectories.sha256, output.trajectories.sha256);
    const again = await perform(environment, beginStage, begin);
    assert.ok('cached' in again);
    assert.deepEqual(again.cached.output, second.output);
  });

  it('gives the report the definition, the stages and the command', async () => {
    const seen: ReportInput[] = [];
    const output = { type: 'report', folder: 'f/', report: referenceTo('f/report.html'), files: [] } as const;
    const { writeReport } = activities({
      writeReport: (_, input) => {
        seen.push(input);
        return Promise.resolve(output);
      },
    });
    const definition = await store.putBlob(new TextEncoder().encode('name: tiny\n'), 'application/yaml');
    const plan = { ...planOf(experts(), reporting(['experts'])), params: { title: "it's" } };
    const manifest = {
      key: 'k',
      type: 'train-experts',
      output: {
        type: 'train-experts',
        trajectories: referenceTo('trajectory-sets/k.json'),
        count: 1,
        accuracyByEpoch: [0.1],
        accuracy: 0.1,
        std: 0,
      },
      workflowId: 'w',
      runId: 'r',
      finishedAt: 't',
      seconds: 1,
    } as const;
    const input: WriteReportInput = {
      source: { plan, definition, workflowId: 'fmnist', runId: 'run-1', startedAt: 't0' },
      dataset: run.dataset.manifest,
      upstream: { experts: { stage: experts(), manifest, state: 'cached', preemptions: 2, failures: 1 } },
      finishedAt: 't1',
    };
    assert.deepEqual(await perform(environment, writeReport, input), output);
    const [report] = seen;
    assert.equal(report?.definitionText, 'name: tiny\n');
    assert.equal(report.stages['constructor'], undefined, 'a stage of this name has no result yet');
    assert.deepEqual(
      { ...report.stages },
      {
        experts: { output: manifest.output, manifest, state: 'cached', preemptions: 2, failures: 1 },
      },
    );
    assert.equal(
      report.temporalCommand,
      `printf %s '{"params":{"title":"it'\\''s"}}' > params.json\n` +
        'temporal workflow start --type pipeline --task-queue distillery --workflow-id fmnist' +
        ' --input-file tiny.yaml --input-meta encoding=binary/plain' +
        ' --input-file params.json --input-meta encoding=json/plain',
    );
  });

  it('lets an unforeseen fault be tried again, with its message', async () => {
    const { beginStage } = activities({ store: () => Promise.reject(new TypeError('no such host')) });
    const error = await failure(
      perform(environment, beginStage, { stage: experts(), run, inputs: {}, cache: true }),
    );
    assert.equal(error.nonRetryable, false);
    assert.equal(error.message, 'TypeError: no such host');
  });
});

describe('stage identity', () => {
  const base = { stage: distillation(100, 10, 50), run, inputs: { trajectories: referenceTo('a', 'a') } };
  const key = stageIdentity(base);

  it('ignores how the work is divided and repeated', () => {
    const stage = {
      ...base.stage,
      id: 'other',
      needs: [],
      chunkIterations: 33,
      maxParallel: 9,
      retry: { failures: 0, preemptions: 1, backoffSeconds: 1 },
      timeoutSeconds: 1,
      stallTimeoutSeconds: 1,
      cache: false,
      with: { ...base.stage.with, trajectories: { stage: 'others', output: 'trajectories' } },
    };
    assert.equal(stageIdentity({ ...base, stage }), key);
  });

  it('changes with configuration, data, inputs, network and seed', () => {
    const changed = [
      { ...base, stage: { ...base.stage, with: { ...base.stage.with, ipc: 2 } } },
      { ...base, stage: { ...base.stage, with: { ...base.stage.with, augmentation: 'none' as const } } },
      { ...base, stage: evaluation() },
      { ...base, inputs: { trajectories: referenceTo('a', 'b') } },
      { ...base, run: { ...run, seed: 2 } },
      { ...base, run: { ...run, network: { ...network, width: 16 } } },
      { ...base, run: { ...run, dataset: { ...run.dataset, limit: 10 } } },
      { ...base, run: { ...run, dataset: { ...run.dataset, manifest: referenceTo('a', 'c') } } },
    ].map(stageIdentity);
    assert.equal(new Set([key, ...changed]).size, changed.length + 1);
  });
});
