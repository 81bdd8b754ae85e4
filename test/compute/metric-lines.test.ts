/**
 * @file `metrics.jsonl`: what is in its lines, with one match an iteration, with several, and without any on record.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeMetrics, encodeMetrics } from '../../artifacts/metrics.js';
import { metricLines } from '../../compute/metric-lines.js';
import { distillChunk, run, withExperts } from './tiny-tasks.js';

const history = {
  loss: Float64Array.of(0.5, 0.25),
  alpha: Float64Array.of(0.01, 0.02),
  gradientNorm: Float64Array.of(3, 4),
};
const plain = [
  { iteration: 1, loss: 0.5, learnedRate: 0.01, gradientNorm: 3 },
  { iteration: 2, loss: 0.25, learnedRate: 0.02, gradientNorm: 4 },
];

describe('metrics', () => {
  it('of methods without experts are as they were', () => {
    assert.deepEqual(metricLines(history), plain);
  });

  it('say where the match of an iteration started and how far it went', () => {
    const matches = {
      startEpoch: Float64Array.of(7, 2),
      loss: history.loss,
      expertDistance: Float64Array.of(10, 12),
      studentDistance: Float64Array.of(5, 6),
      distanceLeft: Float64Array.of(7, 8),
    };
    assert.deepEqual(metricLines({ ...history, matches }), [
      { ...plain[0], startEpoch: 7, expertDistance: 10, studentDistance: 5, distanceLeft: 7 },
      { ...plain[1], startEpoch: 2, expertDistance: 12, studentDistance: 6, distanceLeft: 8 },
    ]);
  });

  it('of several matches have their mean distances, and each with its start and loss', () => {
    const matches = {
      startEpoch: Float64Array.of(7, 2, 1, 0),
      loss: Float64Array.of(0.4, 0.6, 0.2, 0.3),
      expertDistance: Float64Array.of(10, 12, 1, 2),
      studentDistance: Float64Array.of(5, 6, 1, 2),
      distanceLeft: Float64Array.of(7, 8, 1, 2),
    };
    assert.deepEqual(metricLines({ ...history, matches })[0], {
      ...plain[0],
      ...{ 'startEpoch.1': 7, 'loss.1': 0.4, 'startEpoch.2': 2, 'loss.2': 0.6 },
      ...{ expertDistance: 11, studentDistance: 5.5, distanceLeft: 7.5 },
    });
  });

  it('stay small: of many matches and of long ago there is less', () => {
    const filled = (length: number) => new Float64Array(length).fill(1 / 3);
    const matches = (length: number) => ({
      startEpoch: new Float64Array(length),
      loss: filled(length),
      expertDistance: filled(length),
      studentDistance: filled(length),
      distanceLeft: filled(length),
    });
    const [many] = metricLines({ ...history, matches: matches(2 * 9) });
    assert.deepEqual(many, {
      ...plain[0],
      ...{ expertDistance: 0.3333333, studentDistance: 0.3333333, distanceLeft: 0.3333333 },
    });
    const length = 100_002;
    const long = { loss: filled(length), alpha: filled(length), gradientNorm: filled(length) };
    const lines = metricLines({ ...long, matches: matches(length) });
    assert.deepEqual(
      [0, 1, 2, length - 1].map((at) => lines[at]?.startEpoch),
      [undefined, undefined, 0, 0],
    );
    assert.ok(encodeMetrics(lines).length < 25e6);
  });

  it('leave out what was not recorded, and can be read', () => {
    const matches = {
      startEpoch: Float64Array.of(Number.NaN, 2),
      loss: Float64Array.of(Number.NaN, 0.25),
      expertDistance: Float64Array.of(Number.NaN, 12),
      studentDistance: Float64Array.of(Number.NaN, 6),
      distanceLeft: Float64Array.of(Number.NaN, 8),
    };
    const lines = metricLines({ ...history, matches });
    assert.deepEqual(lines[0], plain[0]);
    assert.equal(lines[1]?.startEpoch, 2);
    assert.deepEqual(decodeMetrics(encodeMetrics(lines)), lines);
  });

  it('of a distillation say it of every iteration', async (t) => {
    const { store, chunk } = await withExperts(t);
    const { metrics } = await run(distillChunk, chunk(0, 5), store);
    const lines = decodeMetrics(await store.get(metrics));
    assert.equal(lines.length, 5);
    for (const { loss, startEpoch = -1, expertDistance = 0, distanceLeft = 0 } of lines) {
      assert.ok([0, 1, 2].includes(startEpoch));
      const share = (distanceLeft / expertDistance) ** 2;
      assert.ok(Math.abs(share - loss) < 1e-5 * loss, `${share} for ${loss}`);
    }
  });
});
