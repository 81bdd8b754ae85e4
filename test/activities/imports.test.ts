/**
 * @file Results of other runs: found by the run's name or their key, and refused when they do not fit.
 */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { beginStage } from '../../activities/begin-stage.js';
import type { BeginStageInput, RunContext } from '../../activities/contract.js';
import { finishStage } from '../../activities/finish-stage.js';
import { recordTrajectorySet } from '../../activities/record-trajectory-set.js';
import { resolveImports } from '../../activities/resolve-imports.js';
import { stageIdentity } from '../../activities/stage-identity.js';
import { identityKey, stageKey } from '../../artifacts/layout.js';
import { getTrajectory } from '../../artifacts/trajectories.js';
import type { ImportedStage, ImportSource } from '../../definition/imports.js';
import type { Plan } from '../../definition/plan.js';
import type { TrainExpertsOutput } from '../../definition/stages.js';
import { DistilleryError } from '../../errors/errors.js';
import { MemoryStore } from '../support/memory-store.js';
import { distillation, evaluation, experts, network, planOf } from '../workflows/plans.js';
import { putExpert, run } from './fixtures.js';

const begin: BeginStageInput = { stage: experts(), run, inputs: {}, cache: true };
const key = stageIdentity(begin);

describe('results of other runs', () => {
  let store: MemoryStore;
  beforeEach(() => {
    store = new MemoryStore();
  });

  /** Experts of the run `first`, as its workflows make them. */
  async function train(origin = 'first/experts'): Promise<TrainExpertsOutput> {
    const provenance = { workflowId: origin, runId: 'r', now: new Date() };
    await beginStage(store, begin, provenance);
    const trajectories = [await putExpert(store, 0, [0.1, 0.7, 0.8])];
    const output = await recordTrajectorySet(store, { key, network, trajectories });
    const result = { key, type: 'train-experts', output, startedAt: new Date().toISOString() } as const;
    await finishStage(store, result, provenance);
    return output;
  }

  function planWith(from: ImportSource, uses: ImportedStage['uses'] = 'train-experts'): Plan {
    return { ...planOf(distillation(40, 15, 20)), imports: [{ id: 'experts', uses, from }] };
  }

  const resolve = (plan: Plan, change: Partial<RunContext['dataset']> = {}) =>
    resolveImports(store, { plan, dataset: { ...run.dataset, ...change } });

  async function refusal(resolving: Promise<unknown>): Promise<string> {
    const error: unknown = await resolving.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof DistilleryError, String(error));
    assert.equal(error.code, 'InvalidDefinition');
    assert.equal(error.retryable, false);
    return error.message;
  }

  const first = { workflowId: 'first', stage: 'experts' };

  it('are found by the name of the run, or by their key', async () => {
    const output = await train();
    for (const from of [first, { key }]) {
      const { experts: found } = await resolve(planWith(from));
      assert.deepEqual(found?.manifest.output, output);
      assert.equal(found.state, 'cached');
      assert.deepEqual(found.stage.with, experts().with);
    }
  });

  it('may be an evaluation, whose numbers others look at', async () => {
    const origin = { workflowId: 'first/evaluate', runId: 'r', now: new Date() };
    const dataset = await store.putBlob(new Uint8Array(1), 'application/octet-stream');
    const evaluated = await beginStage(
      store,
      { stage: evaluation(), run, inputs: { dataset }, cache: true },
      origin,
    );
    const scores = await store.putBlob(new Uint8Array(2), 'application/json');
    const row = {
      trainedOn: 'distilled',
      architecture: 'ConvNet',
      mean: 0.7,
      std: 0,
      accuracies: [0.7],
    } as const;
    const output = { type: 'evaluate', scores, rows: [row] } as const;
    const startedAt = new Date().toISOString();
    await finishStage(store, { key: evaluated.key, type: 'evaluate', output, startedAt }, origin);
    const from = { workflowId: 'first', stage: 'evaluate' };
    const { experts: found } = await resolve(planWith(from, 'evaluate'), { limit: 7 });
    assert.deepEqual(found?.manifest.output, output);
    assert.match(
      await refusal(resolve(planWith(from, 'select'))),
      /it is a evaluate stage|it is an evaluate stage/,
    );
  });

  it('are found by the name of a run that took them from the store itself', async () => {
    await train();
    await beginStage(store, begin, { workflowId: 'odd ID/experts', runId: 's', now: new Date() });
    const { experts: found } = await resolve(planWith({ workflowId: 'odd ID', stage: 'experts' }));
    assert.equal(found?.manifest.key, key);
    assert.match(
      await refusal(resolve(planWith({ workflowId: 'odd-id', stage: 'experts' }))),
      /no run "odd-id"/,
    );
  });

  it('are found by the cell of a matrix', async () => {
    await train('sweep/experts[lr=0.1]');
    const { experts: found } = await resolve(planWith({ workflowId: 'sweep', stage: 'experts[lr=0.1]' }));
    assert.equal(found?.manifest.key, key);
  });

  it('say what there is when they are not there', async () => {
    assert.match(
      await refusal(resolve(planWith(first))),
      /first\/experts cannot be taken: no run "first" has results in memory/,
    );
    await train();
    const other = planWith({ workflowId: 'first', stage: 'expert' });
    assert.match(await refusal(resolve(other)), /of the run "first" there are results of experts/);
    assert.match(await refusal(resolve(planWith(first, 'distill'))), /it is a train-experts stage/);
    assert.match(await refusal(resolve(planWith({ key }, 'distill'))), /result of a train-experts stage/);
    const unknown = planWith({ key: 'f'.repeat(64) });
    assert.match(await refusal(resolve(unknown)), /has no result of that key/);
  });

  it('must be whole', async () => {
    const output = await train();
    const [shard] = (await getTrajectory(store, await putExpert(store, 0, [0.1, 0.7, 0.8]))).shards;
    await store.remove(shard?.object.key ?? '');
    assert.ok((await refusal(resolve(planWith(first)))).includes(`${output.trajectories.key} is missing`));
    await store.remove(stageKey('train-experts', key));
    assert.match(await refusal(resolve(planWith(first))), /its result is gone/);
  });

  it('must say what they were made from', async () => {
    await train();
    await store.remove(identityKey(key));
    assert.match(await refusal(resolve(planWith(first))), /older version/);
    // Starting that run again computes nothing and says it.
    await beginStage(store, begin, { workflowId: 'first/experts', runId: 's', now: new Date() });
    await resolve(planWith(first));
  });

  it('must be of the same data, divided alike, and of the same network', async () => {
    await train();
    const plan = planWith(first);
    const manifest = { ...run.dataset.manifest, sha256: '1'.repeat(64) };
    assert.match(await refusal(resolve(plan, { manifest })), /another data set than pretend/);
    assert.match(await refusal(resolve(plan, { zca: true })), /made without `zca`/);
    assert.match(
      await refusal(resolve(plan, { holdout: 50 })),
      /dataset\.holdout 100, and this definition has 50/,
    );
    assert.match(await refusal(resolve(plan, { seed: 2 })), /trained with seed 1, and this definition has 2/);
    assert.match(await refusal(resolve(plan, { limit: 9 })), /dataset\.limit all images, and .* has 9/);
    const wider = { ...plan, network: { ...network, width: 16 } as typeof network };
    assert.match(await refusal(resolve(wider)), /experts are of ConvNet, depth 3, width 8, and .* width 16/);
  });

  it('must reach as far as they are to be matched', async () => {
    await train();
    const distill = distillation(40, 15, 20);
    const far = {
      ...distill.with,
      method: { ...distill.with.method, maxStartEpoch: 5 },
    } as typeof distill.with;
    const plan = { ...planWith(first), stages: [{ ...distill, with: far }] };
    assert.match(await refusal(resolve(plan)), /stages\.distill\.with\.method.*epochs/);
  });
});
