/**
 * @file What a distillation records of its matches: distances by which the loss can be checked, and which change
 * nothing in what is learned.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MttConfig } from '../../definition/plan.js';
import { initialDistillState, type DistillState } from '../../distillation/distill-state.js';
import { Distiller } from '../../distillation/distiller.js';
import { MatchRecorder } from '../../distillation/match-history.js';
import { Stream } from '../../random/stream.js';
import { testDevice } from '../support/device.js';
import { tinyClasses, tinyExperts, tinyImages, tinyPrograms, tinyShape } from '../support/tiny.js';

const programs = tinyPrograms(await testDevice());
const { normalised } = tinyImages(32);
const { experts, snapshots } = tinyExperts(programs, normalised, [], { count: 2, epochs: 4 });
const stream = new Stream(5, 'report-samples');
const start = initialDistillState(
  Float32Array.from({ length: tinyClasses * 64 }, () => stream.normal()),
  0.05,
);

function distiller(change: Partial<MttConfig>, state: DistillState = start): Distiller {
  const method: MttConfig = {
    name: 'mtt',
    synSteps: 2,
    expertEpochs: 2,
    maxStartEpoch: 3,
    lrImg: 10,
    lrLr: 1e-4,
    lrInit: 0.05,
    lrFloor: 1e-6,
    momentum: 0.5,
    ...change,
  };
  const labels = Int32Array.from({ length: tinyClasses }, (_, label) => label);
  return new Distiller(
    programs,
    { method, operations: [], labels, shape: tinyShape, classes: tinyClasses, seed: 3 },
    state,
  );
}

async function after(iterations: number, change: Partial<MttConfig> = {}, state?: DistillState) {
  const running = distiller(change, state);
  const pieces = [];
  for (let i = 0; i < iterations; i += 1) pieces.push(...(await running.step(experts)).pieces);
  return { state: running.exportState(), pieces };
}

const distance = (a: Float32Array, b: Float32Array): number =>
  Math.hypot(...a.map((value, i) => value - b[i]!));
const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) <= 1e-5 * Math.abs(expected), `${actual} for ${expected}`);

describe('the record of the matches', () => {
  for (const expertsPerStep of [1, 2])
    it(`has where each started and how far it went (${expertsPerStep} at once)`, async () => {
      const { state, pieces } = await after(4, { expertsPerStep });
      const { matches, loss } = state.history;
      assert.ok(matches);
      assert.equal(matches.loss.length, 4 * expertsPerStep);
      assert.deepEqual(
        [...matches.startEpoch],
        pieces.map(({ startEpoch }) => startEpoch),
      );
      for (const [index, { expert, startEpoch }] of pieces.entries()) {
        const travelled = distance(snapshots[expert]![startEpoch]!, snapshots[expert]![startEpoch + 2]!);
        near(matches.expertDistance[index]!, travelled);
        near((matches.distanceLeft[index]! / travelled) ** 2, matches.loss[index]!);
        const { studentDistance, distanceLeft } = matches;
        assert.ok(studentDistance[index]! > 0);
        assert.ok(studentDistance[index]! <= travelled + distanceLeft[index]! + 1e-9, 'a triangle');
      }
      for (const [iteration, value] of loss.entries()) {
        const own = matches.loss.subarray(iteration * expertsPerStep, (iteration + 1) * expertsPerStep);
        near(own.reduce((a, b) => a + b, 0) / expertsPerStep, value);
      }
    });

  it('tells all parameters, also where only some count in the loss', async () => {
    const { matches } = (await after(1, { keepFraction: 0.5 })).state.history;
    const whole = (await after(1)).state.history.matches;
    assert.deepEqual(
      [matches?.expertDistance[0], matches?.distanceLeft[0]],
      [whole?.expertDistance[0], whole?.distanceLeft[0]],
    );
    assert.notEqual(matches?.loss[0], whole?.loss[0]);
  });

  it('goes on where it was, and knows nothing of what older versions did', async () => {
    const straight = (await after(4)).state;
    const half = (await after(2)).state;
    assert.deepEqual((await after(2, {}, half)).state, straight);

    const { loss, alpha, gradientNorm } = half.history;
    const old: DistillState = { ...half, history: { loss, alpha, gradientNorm } };
    const resumed = (await after(2, {}, old)).state;
    assert.deepEqual(resumed.images, straight.images);
    assert.deepEqual(
      [...(resumed.history.matches?.loss ?? [])],
      [Number.NaN, Number.NaN, ...(straight.history.matches?.loss.subarray(2) ?? [])],
    );
  });

  it('is padded by as many as were not recorded', () => {
    const values = Float64Array.of(1, 2);
    const known = {
      startEpoch: values,
      loss: values,
      expertDistance: values,
      studentDistance: values,
      distanceLeft: values,
    };
    assert.deepEqual([...new MatchRecorder(4, known).history.loss], [Number.NaN, Number.NaN, 1, 2]);
    assert.deepEqual([...new MatchRecorder(2, known).history.loss], [1, 2]);
    assert.deepEqual([...new MatchRecorder(1, undefined).history.startEpoch], [Number.NaN]);
  });
});
