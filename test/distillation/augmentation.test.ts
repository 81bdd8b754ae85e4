/**
 * @file The DSA operations: the adjoint identity, the drawn ranges, and the strategy that picks among them.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  augment,
  augmentAdjoint,
  augmenterOf,
  drawAugmentation,
  resolveAugmentation,
} from '../../distillation/augmentation/strategy.js';
import { Stream } from '../../random/stream.js';

const shape = { channels: 3, height: 12, width: 10 };
const pixels = 3 * 12 * 10;
const operations = resolveAugmentation('dsa', true);

function normals(count: number, index: number): Float32Array {
  const stream = new Stream(9, 'report-samples', index);
  return Float32Array.from({ length: count }, () => stream.normal());
}

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

describe('DSA operations', () => {
  for (const operation of operations) {
    it(`${operation}: <A x, y> = <x, A* y> for the linear part, and the argument is left alone`, () => {
      const augmenter = augmenterOf(operation);
      const draws = augmenter.draw(new Stream(3, 'synthetic-augmentation', 0), 6, shape);
      assert.equal(draws.length, augmenter.parameters.length);
      const x = normals(6 * pixels, 0);
      const y = normals(6 * pixels, 1);
      const before = x.slice();
      const constant = augmenter.apply(new Float32Array(x.length), draws, shape);
      const linear = augmenter.apply(x, draws, shape).map((value, i) => value - constant[i]!);
      const left = dot(linear, y);
      const right = dot(x, augmenter.adjoint(y, draws, shape));
      assert.ok(Math.abs(left - right) < 1e-4 * Math.sqrt(dot(x, x)), `${left} and ${right}`);
      assert.deepEqual(x, before);
      assert.notDeepEqual(linear, x);
    });
  }

  it('draw whole pixels in the published ranges, both ends included', () => {
    const ranges = { crop: [-2, 2], cutout: [0, 12] } as const;
    for (const operation of ['crop', 'cutout'] as const) {
      const draws = augmenterOf(operation).draw(new Stream(1, 'report-samples'), 2000, shape);
      const rows = draws[0]!;
      assert.equal(Math.min(...rows), ranges[operation][0]);
      assert.equal(Math.max(...rows), ranges[operation][1]);
      assert.ok(rows.every(Number.isInteger));
    }
  });

  it('crop shows every pixel at most once, and a shift of 0 is the identity', () => {
    const x = normals(pixels, 2);
    const still = [new Float64Array(1), new Float64Array(1)];
    assert.deepEqual(augmenterOf('crop').apply(x, still, shape), x);
    const up = augmenterOf('crop').apply(x, [Float64Array.of(1), Float64Array.of(0)], shape);
    assert.equal(up[0], x[10]);
    assert.equal(up[119], 0);
  });
});

describe('the strategy', () => {
  it('leaves the flip out where mirrored images change their class, and obeys a list', () => {
    assert.equal(operations.length, 6);
    assert.equal(resolveAugmentation('dsa', false).includes('flip'), false);
    assert.equal(resolveAugmentation('dsa', false).length, 5);
    assert.deepEqual(resolveAugmentation(['crop'], false), ['crop']);
    assert.deepEqual(resolveAugmentation('none', true), []);
  });

  it('draws every operation about equally often, and parameters per sample', () => {
    const counts = new Map<string, number>();
    for (let batch = 0; batch < 6000; batch++) {
      const stream = new Stream(1, 'expert-augmentation', 0, 0, batch);
      const drawn = drawAugmentation(operations, stream, 2, shape);
      counts.set(drawn!.operation, (counts.get(drawn!.operation) ?? 0) + 1);
    }
    for (const operation of operations) assert.ok(Math.abs(counts.get(operation)! - 1000) < 150);
    const rotation = drawAugmentation(['rotate'], new Stream(1, 'report-samples'), 2, shape);
    assert.notEqual(rotation!.draws[0]![0], rotation!.draws[0]![1]);
  });

  it('without operations hands the images through', () => {
    const x = normals(pixels, 3);
    const drawn = drawAugmentation([], new Stream(1, 'report-samples'), 1, shape);
    assert.equal(augment(x, drawn, shape), x);
    assert.equal(augmentAdjoint(x, drawn, shape), x);
  });
});
