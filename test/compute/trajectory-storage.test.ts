/**
 * @file Experts stored in half precision and with gaps: how many bytes, how far from the exact ones, and that
 * distillation starts only where it can.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recordTrajectorySet } from '../../activities/record-trajectory-set.js';
import { readSnapshot } from '../../artifacts/snapshots.js';
import { getTrajectory, getTrajectorySet } from '../../artifacts/trajectories.js';
import type { Trajectory } from '../../artifacts/trajectory.js';
import type { TrainExpertInput } from '../../compute/protocol.js';
import type { TrainExpertsConfig } from '../../definition/plan.js';
import { tinyNetwork } from '../support/tiny.js';
import { distillation, distillChunk, expert, inPieces, newStore, run, trainExpert } from './tiny-tasks.js';

type Storage = Pick<TrainExpertsConfig, 'precision' | 'keepEpochs'>;

function stored(input: TrainExpertInput, storage: Storage): TrainExpertInput {
  return { ...input, config: { ...input.config, ...storage } };
}

const bytesOf = ({ shards }: Trajectory): number =>
  shards.flatMap(({ epochs }) => epochs).reduce((sum, { range }) => sum + range.length, 0);

describe('an expert stored as fp16-delta', () => {
  it('takes 57 % of the bytes at six epochs and keeps every step to 3e-4', async (t) => {
    const { store, dataset } = await newStore(t);
    const read = async (storage: Storage) => {
      const { trajectory } = await run(trainExpert, stored(expert(dataset, 6), storage), store);
      const manifest = await getTrajectory(store, trajectory);
      const snapshots: Float32Array[] = [];
      for (let epoch = 0; epoch <= 6; epoch++) snapshots.push(await readSnapshot(store, manifest, epoch));
      return { snapshots, bytes: bytesOf(manifest), accuracy: manifest.testAccuracy };
    };
    const exact = await read({});
    const half = await read({ precision: 'fp16-delta' });
    assert.equal(half.bytes / exact.bytes, (4 + 6 * 2) / (7 * 4));
    assert.deepEqual(half.accuracy, exact.accuracy);
    const step = (of: readonly Float32Array[], from: number) =>
      of[from + 2]!.map((value, i) => value - of[from]![i]!);
    const errors = [0, 1, 2, 3, 4].map((from) => {
      const right = step(exact.snapshots, from);
      const wrong = step(half.snapshots, from).map((value, i) => value - right[i]!);
      return Math.hypot(...wrong) / Math.hypot(...right);
    });
    assert.ok(Math.max(...errors) < 3e-4, errors.join());
    assert.ok(Math.min(...errors) > 1e-6, 'it is not the exact one');
    t.diagnostic(
      `relative error of a step of two epochs: ${errors.map((error) => error.toExponential(1)).join(', ')}`,
    );
  });

  it('has the same bytes however often it is preempted', async (t) => {
    const storage: Storage = { precision: 'fp16-delta', keepEpochs: { every: 2 } };
    const whole = await newStore(t);
    const expected = await run(trainExpert, stored(expert(whole.dataset, 7, 0.9), storage), whole.store);
    const { store, dataset } = await newStore(t);
    const { result } = await inPieces(trainExpert, stored(expert(dataset, 7, 0.9), storage), store, 2);
    assert.deepEqual(result, expected);
    const { kept } = await getTrajectory(store, result.trajectory);
    assert.deepEqual(kept, [0, 2, 4, 6]);
  });
});

describe('experts with gaps', () => {
  it('are matched from epochs that are kept with their targets', async (t) => {
    const { store, dataset } = await newStore(t);
    const input = stored(expert(dataset, 4), { keepEpochs: [0, 1, 3, 4] });
    const { trajectory, accuracyByEpoch } = await run(trainExpert, input, store);
    assert.equal(accuracyByEpoch.length, 5, 'all epochs are measured');
    const { trajectories } = await recordTrajectorySet(store, {
      key: 'gaps',
      network: tinyNetwork,
      trajectories: [trajectory],
    });
    assert.deepEqual((await getTrajectorySet(store, trajectories)).kept, [0, 1, 3, 4]);
    const { chunk } = await distillation(store, dataset, [trajectory]);
    const plain = chunk(0, 6, { trajectories });
    const matching = (expertEpochs: number) => ({
      ...plain,
      config: { ...plain.config, method: { ...plain.config.method, expertEpochs, maxStartEpoch: 2 } },
    });
    assert.equal((await run(distillChunk, matching(3), store)).iteration, 6);
    await assert.rejects(
      run(
        distillChunk,
        {
          ...matching(2),
          to: 1,
          config: {
            ...plain.config,
            method: { ...plain.config.method, expertEpochs: 2, maxStartEpoch: 1 },
          },
        },
        store,
      ),
      {
        code: 'InvalidTrajectory',
        message: /no start epoch from 0 to 0 that is kept together with the epoch 2 later/,
      },
    );
  });
});
