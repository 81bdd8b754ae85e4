/**
 * @file The tasks of the compute process on the real engine and a store in memory: wherever they are stopped,
 * they go on to the same bytes.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Checkpoints } from '../../artifacts/checkpoints.js';
import { expertKey } from '../../artifacts/layout.js';
import { getTrajectory } from '../../artifacts/trajectories.js';
import { Stopped } from '../../compute/context.js';
import { type EvaluateNetworkInput } from '../../compute/protocol.js';
import { DistilleryError } from '../../errors/errors.js';
import { tinyNetwork } from '../support/tiny.js';
import {
  contextOf,
  distillChunk,
  evaluateNetwork,
  evaluation,
  expert,
  forget,
  inPieces,
  newStore,
  run,
  stopAfter,
  trainExpert,
  withExperts,
} from './tiny-tasks.js';

describe('trainExpert', () => {
  for (const momentum of [0, 0.9])
    it(`gives the same trajectory however often it is preempted (momentum ${momentum})`, async (t) => {
      // More than ten epochs: snapshots that wait for their shard keep their order in checkpoints.
      const whole = await newStore(t);
      const expected = await run(trainExpert, expert(whole.dataset, 12, momentum), whole.store);
      for (const pause of [1, 4]) {
        const { store, dataset } = await newStore(t);
        const input = expert(dataset, 12, momentum);
        const { result, stops } = await inPieces(trainExpert, input, store, pause);
        assert.ok(stops > 5);
        assert.deepEqual(result, expected);
        assert.deepEqual(
          await getTrajectory(store, result.trajectory),
          await getTrajectory(whole.store, expected.trajectory),
        );
        assert.equal(store.checkpoints().length, 1);
      }
    });

  it('writes nothing when it is given up', async (t) => {
    const { store, dataset } = await newStore(t);
    const keys = store.keys();
    await stopAfter(trainExpert, expert(dataset, 4), store, 5, 'drop');
    assert.deepEqual(store.keys(), keys);
  });

  it('keeps its work when the run is cancelled or paused', async (t) => {
    const { store, dataset } = await newStore(t);
    await stopAfter(trainExpert, expert(dataset, 4), store, 5, 'cancel');
    assert.deepEqual(
      store.checkpoints().map((key) => /s-([0-9]+)-/.exec(key)?.[1]),
      ['0000000005'],
    );
  });

  it('reuses a finished expert, unless it is damaged or not to be', async (t) => {
    const { store, dataset } = await newStore(t);
    const input = expert(dataset, 2);
    const first = await run(trainExpert, input, store);
    assert.equal(first.reused, false);
    assert.deepEqual(await run(trainExpert, input, store), { ...first, reused: true });

    await store.damage(first.trajectory.key);
    assert.deepEqual(await run(trainExpert, input, store), first);
    assert.deepEqual((await store.getManifest(first.trajectory.key))?.reference, first.trajectory);

    const fresh = await run(trainExpert, { ...input, fresh: 'run' }, store);
    assert.equal(fresh.reused, false);
    assert.notEqual(fresh.trajectory.key, first.trajectory.key);
    assert.deepEqual(fresh.accuracyByEpoch, first.accuracyByEpoch);
  });

  it('goes on from the checkpoint before a damaged one', async (t) => {
    const { store, dataset } = await newStore(t);
    const whole = await newStore(t);
    const input = expert(dataset, 4, 0.9);
    await stopAfter(trainExpert, input, store, 3);
    await stopAfter(trainExpert, input, store, 3);
    const [older, newest] = store.checkpoints();
    assert.ok(older && newest && older !== newest);
    await store.damage(newest);
    const { context, steps } = contextOf(store);
    assert.deepEqual(await trainExpert(input, context), await run(trainExpert, input, whole.store));
    // Four epochs of three steps, of which the older checkpoint has three.
    assert.equal(steps.taken, 9);
  });

  it('trains fewer epochs beside what a longer training left', async (t) => {
    const { store, dataset } = await newStore(t);
    for (let stops = 0; stops < 4; stops += 1) await stopAfter(trainExpert, expert(dataset, 9), store, 3);
    const input = expert(dataset, 2);
    await stopAfter(trainExpert, input, store, 2);
    await stopAfter(trainExpert, input, store, 2);
    const { context, steps } = contextOf(store);
    const result = await trainExpert(input, context);
    assert.equal(steps.taken, 2);
    const whole = await newStore(t);
    assert.deepEqual(result, await run(trainExpert, input, whole.store));
  });

  it('does not begin when a later stage draws more images of a class than there are', async (t) => {
    const { store, dataset } = await newStore(t);
    const { context, steps } = contextOf(store);
    const input = expert({ ...dataset, perClass: 11 }, 3);
    await assert.rejects(trainExpert(input, context), {
      code: 'InvalidDefinition',
      message: /ipc is 11, but the training images have only \d+ of class \d/,
    });
    assert.equal(steps.taken, 0);
    // What a run draws changes nothing in what an expert is.
    const some = await run(trainExpert, expert({ ...dataset, perClass: 2 }, 1), store);
    assert.equal((await run(trainExpert, expert(dataset, 1), store)).reused, true);
    assert.ok(some.trajectory.key.startsWith('experts/'));
  });

  it('says that it diverged', async (t) => {
    const { store, dataset } = await newStore(t);
    const input = expert(dataset, 3);
    const wild = { ...input, config: { ...input.config, lr: 1e30 } };
    await assert.rejects(run(trainExpert, wild, store), {
      code: 'Diverged',
      message: /Expert 0 diverged in epoch 1 .*smaller lr/,
    });
    assert.equal(await store.getManifest(expertKey('none')), undefined);
    assert.deepEqual(
      store.keys().filter((key) => key.startsWith('experts/')),
      [],
    );
  });
});

describe('trainExpert on a damaged store', () => {
  it('trains an expert anew when one of its shards is gone, and with the same bytes', async (t) => {
    const { store, dataset } = await newStore(t);
    const first = await run(trainExpert, expert(dataset, 3), store);
    const trajectory = await getTrajectory(store, first.trajectory);
    const { object } = trajectory.shards[0]!;
    await store.remove(object.key);
    for (const key of store.checkpoints()) await store.remove(key);
    const again = await run(trainExpert, expert(dataset, 3), store);
    assert.deepEqual(again, first);
    await store.get(object);
  });

  it('does not go on from a checkpoint whose shards are gone', async (t) => {
    const { store, dataset } = await newStore(t);
    const input = expert(dataset, 3);
    await stopAfter(trainExpert, input, store, 4);
    const [key = ''] = store.checkpoints();
    const unit = key.split('/')[1] ?? '';
    const checkpoints = new Checkpoints(store, unit, { goal: 3 });
    const { sequence, tensors, metadata } = (await checkpoints.newest())!;
    const object = { key: 'blobs/gone', sha256: '0'.repeat(64), bytes: 1, mediaType: 'text/plain' };
    await store.remove(key);
    await checkpoints.save(sequence, tensors, {
      ...metadata,
      shards: JSON.stringify([{ object, epochs: [] }]),
    });
    const { context, steps } = contextOf(store);
    const result = await trainExpert(input, context);
    assert.equal(steps.taken, 9);
    const whole = await newStore(t);
    assert.deepEqual(result, await run(trainExpert, input, whole.store));
  });
});

describe('a step that takes long', () => {
  it('is given up in its middle, and what was done before it is kept', async (t) => {
    const { store, chunk } = await withExperts(t);
    const expected = await run(distillChunk, chunk(0, 3, { fresh: 'whole' }), store);
    const whole = contextOf(store);
    await distillChunk(chunk(0, 3, { fresh: 'counted' }), whole.context);
    const perIteration = whole.steps.breaths / 3;
    assert.ok(perIteration > 2, 'an iteration can be stopped within');
    for (let within = 1; within < perIteration; within += 1) {
      await forget(store);
      await stopAfter(distillChunk, chunk(0, 3), store, perIteration + within, 'preempt', 'breaths');
      const result = await run(distillChunk, chunk(0, 3), store);
      assert.equal(result.resumedFrom, 1);
      assert.deepEqual([result.candidate, result.metrics], [expected.candidate, expected.metrics]);
    }
  });

  it('may be the measuring of an expert, of which no step is repeated', async (t) => {
    const whole = await newStore(t);
    const undisturbed = contextOf(whole.store);
    const expected = await trainExpert(expert(whole.dataset, 2), undisturbed.context);
    const { taken, breaths } = undisturbed.steps;
    // One batch measures before the first step and after each epoch.
    assert.equal(breaths, taken + 3);
    for (let after = 1; after <= breaths; after += 1) {
      const { store, dataset } = await newStore(t);
      const first = contextOf(store, { after, of: 'breaths', reason: 'preempt' });
      await assert.rejects(trainExpert(expert(dataset, 2), first.context), Stopped);
      const second = contextOf(store);
      assert.deepEqual(await trainExpert(expert(dataset, 2), second.context), expected);
      const steps = first.steps.taken + second.steps.taken;
      // The last step of an epoch is reported with its accuracy.
      assert.ok(steps === taken || steps === taken - 1, `${steps} of ${taken} steps, stopped after ${after}`);
    }
  });
});

describe('distillChunk', () => {
  it('gives the same images however it is divided and preempted', async (t) => {
    const { store, chunk } = await withExperts(t);
    const expected = await run(distillChunk, chunk(0, 6), store);
    const settled = ({ iteration, checkpoint, candidate, metrics, loss, learnedRate }: typeof expected) => {
      return { iteration, checkpoint, candidate, metrics, loss, learnedRate };
    };
    for (const { bounds, pause } of [
      { bounds: [0, 6], pause: 1 },
      { bounds: [0, 2, 3, 6], pause: 2 },
    ]) {
      await forget(store);
      let last: typeof expected | undefined;
      for (let at = 1; at < bounds.length; at += 1) {
        const input = chunk(bounds[at - 1]!, bounds[at]!);
        last = (await inPieces(distillChunk, input, store, pause)).result;
        assert.equal(last.iteration, bounds[at]);
      }
      assert.ok(last);
      assert.deepEqual(settled(last), settled(expected));
    }
    // Started again, nothing is computed, although the checkpoints of the first chunk are gone.
    const first = contextOf(store);
    assert.equal((await distillChunk(chunk(0, 2), first.context)).iteration, 2);
    assert.equal(first.steps.taken, 0);
    const { context, steps } = contextOf(store);
    const again = await distillChunk(chunk(0, 6), context);
    assert.deepEqual(settled(again), settled(expected));
    assert.deepEqual([again.resumedFrom, steps.taken], [6, 0]);
  });

  it('writes nothing when it is given up', async (t) => {
    const { store, chunk } = await withExperts(t);
    const keys = store.keys();
    await stopAfter(distillChunk, chunk(0, 6), store, 3, 'drop');
    assert.deepEqual(store.keys(), keys);
  });

  it('goes on from the checkpoint before a damaged one', async (t) => {
    const { store, chunk } = await withExperts(t);
    const expected = await run(distillChunk, chunk(0, 5, { fresh: 'whole' }), store);
    await stopAfter(distillChunk, chunk(0, 5), store, 2);
    await stopAfter(distillChunk, chunk(0, 5), store, 2);
    const newest = store.checkpoints().find((key) => key.includes('s-0000000004'));
    assert.ok(newest);
    await store.damage(newest);
    const result = await run(distillChunk, chunk(0, 5), store);
    assert.equal(result.resumedFrom, 2);
    assert.deepEqual([result.candidate, result.metrics], [expected.candidate, expected.metrics]);
  });

  it('goes from chunk to chunk below the checkpoints of a longer run', async (t) => {
    const { store, chunk } = await withExperts(t);
    await run(distillChunk, chunk(0, 7), store);
    await run(distillChunk, chunk(7, 8), store);
    const first = await run(distillChunk, chunk(0, 2), store);
    const second = await run(distillChunk, chunk(2, 4), store);
    assert.deepEqual([first.resumedFrom, second.resumedFrom], [0, 2]);
    // And the longer one still finds its own.
    assert.equal((await run(distillChunk, chunk(8, 9), store)).resumedFrom, 8);
  });

  it('starts anew when it is not to reuse earlier work', async (t) => {
    const { store, chunk } = await withExperts(t);
    const first = await run(distillChunk, chunk(0, 3), store);
    const fresh = await run(distillChunk, chunk(0, 3, { fresh: 'run' }), store);
    assert.equal(fresh.resumedFrom, 0);
    assert.notEqual(fresh.checkpoint.key, first.checkpoint.key);
    assert.deepEqual(fresh.candidate, first.candidate);
  });

  it('refuses experts of another network, also one with as many parameters', async (t) => {
    const { store, chunk, record } = await withExperts(t);
    const expected = { code: 'InvalidTrajectory', message: /distil with the network/ };
    await assert.rejects(
      run(distillChunk, chunk(0, 1, { network: { ...tinyNetwork, width: 5 } }), store),
      expected,
    );
    const trajectories = await record('max', { ...tinyNetwork, pool: 'max' });
    await assert.rejects(run(distillChunk, chunk(0, 1, { trajectories }), store), expected);
  });

  it('keeps the last good state when it diverges, and says where', async (t) => {
    const { store, chunk } = await withExperts(t);
    const good = chunk(0, 9);
    const wild = chunk(0, 9, {
      config: { ...good.config, method: { ...good.config.method, lrImg: 1e20 } },
    });
    await assert.rejects(run(distillChunk, wild, store), (error) => {
      assert.ok(error instanceof DistilleryError);
      assert.equal(error.code, 'Diverged');
      const [, iteration, key, after] =
        /in iteration (\d+):.* Last good checkpoint: (\S+), after (\d+) iterations?\.$/s.exec(
          error.message,
        ) ?? [];
      assert.equal(Number(iteration), Number(after) + 1, error.message);
      assert.deepEqual(store.checkpoints().includes(key ?? ''), true, error.message);
      return true;
    });
  });
});

describe('evaluateNetwork', () => {
  it('measures the same however often it is preempted, and leaves no checkpoint', async (t) => {
    const whole = await newStore(t);
    const expected = await run(evaluateNetwork, evaluation(whole.dataset), whole.store);
    assert.ok(Number.isFinite(expected.loss));
    // Three steps an epoch, the rate falls after five of seven epochs.
    for (const pause of [1, 5]) {
      const { store, dataset } = await newStore(t);
      const { result, stops } = await inPieces(evaluateNetwork, evaluation(dataset), store, pause);
      assert.ok(stops > 3);
      assert.deepEqual(result, expected);
      assert.deepEqual(store.checkpoints(), []);
    }
  });

  it('trains on distilled images with their learned rate', async (t) => {
    const { store, dataset, chunk } = await withExperts(t);
    const { candidate } = await run(distillChunk, chunk(0, 2), store);
    const input = evaluation(dataset, {
      trainingSet: { kind: 'distilled', result: candidate },
      lr: 'learned',
      split: 'holdout',
    });
    const { result } = await inPieces(evaluateNetwork, input, store, 2);
    assert.deepEqual(result, await run(evaluateNetwork, { ...input, fresh: 'run' }, store));
  });

  it('writes nothing when it is given up', async (t) => {
    const { store, dataset } = await newStore(t);
    const keys = store.keys();
    await stopAfter(evaluateNetwork, evaluation(dataset), store, 4, 'drop');
    assert.deepEqual(store.keys(), keys);
  });

  it('goes on from the checkpoint before a damaged one', async (t) => {
    const { store, dataset } = await newStore(t);
    await stopAfter(evaluateNetwork, evaluation(dataset), store, 4);
    await stopAfter(evaluateNetwork, evaluation(dataset), store, 4);
    await store.damage(store.checkpoints().at(-1)!);
    const { context, steps } = contextOf(store);
    const result = await evaluateNetwork(evaluation(dataset), context);
    assert.equal(steps.taken, 7 * 3 - 4);
    const whole = await newStore(t);
    assert.deepEqual(result, await run(evaluateNetwork, evaluation(whole.dataset), whole.store));
  });

  it('reuses a result, unless it is damaged, of another form, or not to be', async (t) => {
    const { store, dataset } = await newStore(t);
    const expected = await run(evaluateNetwork, evaluation(dataset), store);
    const stepsOf = async (input: EvaluateNetworkInput) => {
      const { context, steps } = contextOf(store);
      assert.deepEqual(await evaluateNetwork(input, context), expected);
      return steps.taken;
    };
    assert.equal(await stepsOf(evaluation(dataset)), 0);
    assert.equal(await stepsOf(evaluation(dataset, { fresh: 'run' })), 21);
    for (const key of store.keys().filter((name) => name.startsWith('evaluations/'))) await store.damage(key);
    assert.equal(await stepsOf(evaluation(dataset)), 21);
    assert.equal(await stepsOf(evaluation(dataset)), 0, 'the damaged one was replaced');

    for (const key of store.keys().filter((name) => name.startsWith('evaluations/'))) {
      await store.remove(key);
      await store.putManifest(key, { accuracy: 'high' });
    }
    assert.equal(await stepsOf(evaluation(dataset)), 21);
  });

  it('says that it diverged', async (t) => {
    const { store, dataset } = await newStore(t);
    await assert.rejects(run(evaluateNetwork, evaluation(dataset, { lr: 1e30, momentum: 0 }), store), {
      code: 'Diverged',
      message: /random images diverged in epoch \d+ .*smaller baselineLr/,
    });
  });
});
