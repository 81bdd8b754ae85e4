/**
 * @file `runCustomStage`: what a type of stage is given, and what is refused of what it returns.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import * as z from 'zod';
import { createLightActivities, type LightActivities } from '../../activities/index.js';
import { decodeDistilled, encodeDistilled, type DistilledSet } from '../../artifacts/result-folder.js';
import { artifact, defineStage, images, valueOr, type CustomStageType } from '../../custom/stage-type.js';
import type { StageContext } from '../../custom/stage-context.js';
import { importDataset } from '../../datasets/import.js';
import type { CustomStage } from '../../definition/plan.js';
import { MemoryStore } from '../support/memory-store.js';
import { bandImages } from '../support/images.js';
import { temporaryFolder, writeIdxFolder } from '../support/idx.js';
import { tinyClasses, tinyShape } from '../support/tiny.js';
import { custom } from '../workflows/plans.js';
import { perform, run, surroundings } from './fixtures.js';

const set: DistilledSet = {
  shape: { channels: 1, height: 2, width: 2 },
  images: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7),
  labels: Int32Array.of(0, 1),
  learnedRate: 0.02,
  mean: [0.5],
  std: [0.25],
  classNames: ['a', 'b'],
  iteration: 10,
  ipc: 1,
};

const sharpen = defineStage({
  name: 'sharpen',
  inputs: z.strictObject({ images: images(), amount: valueOr(z.number().max(2)).default(1) }),
  outputs: { result: 'images', sum: 'number', note: 'text', whole: 'boolean', log: 'artifact' },
  async run({ images: given, amount }, { store, progress, random, id }) {
    const before = await store.readImages(given);
    progress(1, 2, { amount });
    const after = { ...before, images: before.images.map((pixel) => pixel * amount) };
    return {
      result: await store.writeImages(after),
      sum: after.images.reduce((sum, pixel) => sum + pixel, 0),
      note: `${id} ${random(7).uint32()}`,
      whole: true,
      log: await store.write(new TextEncoder().encode('done'), 'text/plain'),
    };
  },
});

function activities(store: MemoryStore, ...stages: CustomStageType[]): LightActivities {
  return createLightActivities({
    store: () => Promise.resolve(store),
    importBuiltin: () => Promise.resolve(undefined),
    writeReport: () => Promise.reject(new Error('none')),
    stages,
    versions: {},
  });
}

const limits = { unit: 'custom/sharpen', stallTimeoutSeconds: 60 };

/** Runs a type that only returns something. */
function returning(outputs: CustomStageType['outputs'], returned: unknown) {
  const type = defineStage({
    name: 'odd',
    inputs: z.object({}),
    outputs,
    run: () => Promise.resolve(returned as never),
  });
  const stage: CustomStage = custom({ id: 'mine', type: 'odd', with: {}, inputs: {} });
  return perform(
    surroundings(),
    activities(new MemoryStore(), type).runCustomStage,
    { stage, inputs: {}, run },
    limits,
  );
}

const refusal = (message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ApplicationFailure);
  assert.equal(error.type, 'InvalidDefinition');
  assert.equal(error.nonRetryable, true);
  assert.match(error.message, message);
  return true;
};

describe('runCustomStage', () => {
  it('gives artifacts, values and a store, and returns the declared outputs', async () => {
    const store = new MemoryStore();
    const given = await store.putBlob(encodeDistilled(set), 'application/octet-stream');
    const stage = custom({ with: { amount: 2 } });
    const input = { stage, inputs: { images: given }, run };
    const output = await perform(surroundings(), activities(store, sharpen).runCustomStage, input, limits);
    const { outputs, images: counted, document, ...rest } = output;
    assert.deepEqual(rest, { type: 'custom', stage: 'sharpen' });
    assert.deepEqual(counted, { result: { ipc: 1, count: 2 } });
    assert.deepEqual([outputs['sum'], outputs['whole']], [56, true]);
    assert.match(JSON.stringify(outputs['note']), /^"sharpen [0-9]+"$/);
    const { result } = outputs;
    assert.ok(typeof result === 'object');
    assert.deepEqual([...decodeDistilled(await store.get(result)).images], [0, 2, 4, 6, 8, 10, 12, 14]);
    assert.deepEqual(JSON.parse(new TextDecoder().decode(await store.get(document))), {
      type: 'sharpen',
      version: 1,
      outputs,
    });

    const again = await perform(surroundings(), activities(store, sharpen).runCustomStage, input, limits);
    assert.deepEqual(again, output, 'the same inputs and seed give the same outputs');
    const other = { ...input, run: { ...run, seed: 2 } };
    const { outputs: otherwise } = await perform(
      surroundings(),
      activities(store, sharpen).runCustomStage,
      other,
      limits,
    );
    assert.notEqual(otherwise['note'], outputs['note'], 'random numbers follow the seed');
  });

  it('reads the data set of the run as it is divided', async (t) => {
    const store = new MemoryStore();
    const folder = await temporaryFolder(t);
    const bands = (count: number, seed: number) => bandImages(count, tinyClasses, tinyShape, seed);
    await writeIdxFolder(folder, bands(48, 1), bands(16, 2));
    const { reference } = await importDataset(store, folder, { name: 'bands' });
    const counts = defineStage({
      name: 'counts',
      inputs: z.object({}),
      outputs: { train: 'number', holdout: 'number', test: 'number', name: 'text' },
      async run(_, { dataset }) {
        const { manifest, train, holdout, test } = await dataset();
        return { train: train.count, holdout: holdout.count, test: test.count, name: manifest.name };
      },
    });
    const stage = custom({ type: 'counts', with: {}, inputs: {} });
    const input = {
      stage,
      inputs: {},
      run: { ...run, dataset: { manifest: reference, holdout: 8, limit: 30, seed: 3 } },
    };
    const { outputs } = await perform(
      surroundings(),
      activities(store, counts).runCustomStage,
      input,
      limits,
    );
    assert.deepEqual(outputs, { train: 30, holdout: 8, test: 16, name: 'bands' });
  });

  it('checks values of other stages when they are known', async () => {
    const stage = custom({ with: { amount: 3 }, inputs: { amount: { stage: 'a', output: 'contrast' } } });
    const call = perform(
      surroundings(),
      activities(new MemoryStore(), sharpen).runCustomStage,
      { stage, inputs: {}, run },
      limits,
    );
    await assert.rejects(call, refusal(/^Stage sharpen: `amount` does not take what it was given: .*2/));
  });

  it('says which worker lacks which module', async () => {
    const input = { stage: custom(), inputs: {}, run };
    await assert.rejects(
      perform(surroundings(), activities(new MemoryStore()).runCustomStage, input, limits),
      refusal(/does not know the type of stage custom\/sharpen \(it knows none\).*--stages FILE/),
    );
    const planned = { ...input, stage: custom({ version: 2 }) };
    await assert.rejects(
      perform(surroundings(), activities(new MemoryStore(), sharpen).runCustomStage, planned, limits),
      refusal(/planned with version 2 of custom\/sharpen; this pipeline worker has version 1/),
    );
  });

  it('refuses outputs that are not as declared', async () => {
    const blob = { key: 'blobs/x', sha256: '0'.repeat(64), bytes: 3, mediaType: 'text/plain' };
    await assert.rejects(
      returning({ a: 'number' }, { a: NaN }),
      refusal(/Stage mine: custom\/odd declares "a" as number, and returned NaN\. Correct/),
    );
    await assert.rejects(
      returning({ a: 'number' }, {}),
      refusal(/declares "a" as number, and returned nothing/),
    );
    await assert.rejects(returning({}, { a: 1 }), refusal(/returned "a", which it does not declare/));
    await assert.rejects(
      returning({ a: 'artifact' }, { a: 'x' }),
      refusal(/declares "a" as artifact, and returned no reference/),
    );
    await assert.rejects(
      returning({ a: 'artifact' }, { a: blob }),
      refusal(/returned "a" as blobs\/x, which is not in the store/),
    );
    await assert.rejects(
      returning({ a: 'text' }, { a: 'x'.repeat(1001) }),
      refusal(/returned a text of 1001 characters/),
    );
    await assert.rejects(returning({}, undefined), refusal(/returned no outputs/));
    const wrong = defineStage({
      name: 'odd',
      inputs: z.object({}),
      outputs: { a: 'images' },
      run: async (_, { store }) => ({ a: await store.write(Uint8Array.of(1, 2, 3), 'text/plain') }),
    });
    const stage = custom({ type: 'odd', with: {}, inputs: {} });
    await assert.rejects(
      perform(
        surroundings(),
        activities(new MemoryStore(), wrong).runCustomStage,
        { stage, inputs: {}, run },
        limits,
      ),
      refusal(/returned blobs\/.* as images, and it holds none/),
    );
  });

  /** Runs until it is told to stop, or for good. */
  function waiting(body: (context: StageContext) => Promise<void>) {
    const type = defineStage({
      name: 'waiting',
      inputs: z.object({ of: artifact().optional() }),
      outputs: {},
      async run(_, context) {
        await body(context);
        return {};
      },
    });
    const environment = surroundings();
    const stage = custom({ id: 'mine', type: 'waiting', with: {}, inputs: {} });
    const end = (stallTimeoutSeconds: number) =>
      perform(
        environment,
        activities(new MemoryStore(), type).runCustomStage,
        { stage, inputs: {}, run },
        { unit: 'x', stallTimeoutSeconds },
      );
    return { environment, end };
  }

  it('stops work that is cancelled, whatever the work makes of it', async () => {
    const { environment, end } = waiting(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('I was told to stop')));
        }),
    );
    const ended = end(60);
    setTimeout(() => environment.cancel(), 50);
    await assert.rejects(ended, (error) => error instanceof CancelledFailure);
  });

  it('gives up work that says nothing for too long, and not work that goes on', async () => {
    const { end } = waiting(() => new Promise(() => undefined));
    await assert.rejects(end(0.2), (error) => {
      assert.ok(error instanceof ApplicationFailure);
      assert.equal(error.type, 'ComputeFailed');
      assert.equal(error.nonRetryable, false);
      assert.match(error.message, /Stage mine made no progress for 0\.2 s; call `progress`/);
      return true;
    });
    const busy = waiting(async ({ progress }) => {
      for (let step = 0; step < 12; step += 1) {
        await new Promise((resolve) => setTimeout(resolve, 60));
        progress(step, 12, { step });
      }
    });
    const said: unknown[] = [];
    busy.environment.on('heartbeat', (details: unknown) => said.push(details));
    assert.deepEqual((await busy.end(0.2)).outputs, {});
    const { worker, ...progress } = said.at(-1) as { worker: string; done: number };
    assert.match(worker, /\/[0-9]+$/);
    assert.deepEqual(progress, {
      unit: 'x',
      done: progress.done,
      total: 12,
      metrics: { step: progress.done },
    });
  });
});
