/**
 * @file Tasks whose checkpoints and results are larger than one object may be, stopped and taken up again: on a
 * store that takes small objects only.
 */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { getDistilled } from '../../artifacts/distilled-sets.js';
import { partListMediaType } from '../../artifacts/parts.js';
import { getTrajectory } from '../../artifacts/trajectories.js';
import { readSnapshot } from '../../artifacts/snapshots.js';
import {
  distillation,
  distillChunk,
  evaluateNetwork,
  evaluation,
  expert,
  inPieces,
  newStore,
  run,
  trainExpert,
  type OwnStore,
  type Task,
} from './tiny-tasks.js';

/** What experts, a distillation and an evaluation give, and the store that they worked with. */
async function worked(t: TestContext, maxObjectBytes: number | undefined) {
  const { store, dataset } = await newStore(t);
  // Before a checkpoint it was not known to be small: the images are in one shard of 3 kB.
  if (maxObjectBytes !== undefined) Object.assign(store, { maxObjectBytes });
  const parts: string[] = [];
  const pieces = async <I, R>(task: Task<I, R>, input: I): Promise<R> => {
    const { result } = await inPieces(task, input, watched(store, parts), 2, 0);
    return result;
  };
  const { trajectory } = await pieces(trainExpert, expert(dataset, 4, 0.9));
  const { chunk } = await distillation(store, dataset, [trajectory]);
  const input = chunk(0, 4);
  const { candidate } = await pieces(distillChunk, { ...input, config: { ...input.config, ipc: 6 } });
  const trained = evaluation(dataset, { trainingSet: { kind: 'distilled', result: candidate } });
  const { accuracy, loss } = await run(evaluateNetwork, trained, store);
  const last = await readSnapshot(store, await getTrajectory(store, trajectory), 4);
  return { parts, candidate, made: { last, set: await getDistilled(store, candidate), accuracy, loss } };
}

/** Notes the parts that are written. */
function watched(store: OwnStore, parts: string[]): OwnStore {
  const put = store.putObject.bind(store);
  store.putObject = (key, bytes, mediaType) => {
    if (key.endsWith('.part')) parts.push(key);
    return put(key, bytes, mediaType);
  };
  return store;
}

describe('large checkpoints and results', () => {
  it('change nothing', async (t) => {
    const whole = await worked(t, undefined);
    assert.deepEqual(whole.parts, []);
    const divided = await worked(t, 5000);
    assert.ok(divided.parts.length > 10, String(divided.parts.length));
    assert.equal(divided.candidate.mediaType, partListMediaType);
    assert.deepEqual(divided.made, whole.made);
  });
});
