/**
 * @file Philox against its published vectors, and the properties of streams that results depend on.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { philox4x32 } from '../../random/philox.js';
import { Stream, type Purpose } from '../../random/stream.js';

function hex(counter: number[], key: number[]): string {
  const out = new Uint32Array(4);
  philox4x32(Uint32Array.from(counter), Uint32Array.from(key), out);
  return [...out].map((word) => word.toString(16).padStart(8, '0')).join(' ');
}

describe('philox 4x32-10', () => {
  it('gives the known answers of Random123', () => {
    assert.equal(hex([0, 0, 0, 0], [0, 0]), '6627e8d5 e169c58d bc57ac4c 9b00dbd8');
    const ones = 0xffffffff;
    assert.equal(hex([ones, ones, ones, ones], [ones, ones]), '408f276d 41c83b0e a20bc7c6 6d5451fd');
    assert.equal(
      hex([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    );
  });
});

describe('streams', () => {
  const head = (seed: number, purpose: Purpose, ...indices: number[]): string => {
    const stream = new Stream(seed, purpose, ...indices);
    return [stream.uint32(), stream.uint32(), stream.uint32(), stream.uint32()].join();
  };

  it('depend on seed, purpose, every index and their number', () => {
    const heads = [
      head(1, 'expert-shuffle'),
      head(1, 'expert-shuffle', 0),
      head(1, 'expert-shuffle', 0, 0),
      head(1, 'expert-shuffle', 0, 0, 0),
      head(1, 'expert-shuffle', 1),
      head(1, 'expert-shuffle', 0, 1),
      head(1, 'expert-augmentation', 0),
      head(2, 'expert-shuffle', 0),
      head(1 + 2 ** 32, 'expert-shuffle', 0),
      head(2 ** 53 - 1, 'expert-shuffle', 0),
      head(2 ** 52 - 1, 'expert-shuffle', 0),
    ];
    assert.equal(new Set(heads).size, heads.length);
    assert.equal(head(1, 'expert-shuffle', 3, 4), head(1, 'expert-shuffle', 3, 4));
  });

  it('refuse keys that would alias another stream', () => {
    assert.throws(() => new Stream(2 ** 53, 'dataset-split'), RangeError);
    assert.throws(() => new Stream(-1, 'dataset-split'), RangeError);
    assert.throws(() => new Stream(0.5, 'dataset-split'), RangeError);
    assert.throws(() => new Stream(1, 'dataset-split', 2 ** 32), RangeError);
    assert.throws(() => new Stream(1, 'dataset-split', 0, 1, 2, 3), RangeError);
  });

  it('never change: results of earlier versions must be reproducible', () => {
    assert.equal(head(7, 'trajectory-choice', 5), '982670314,711380604,2799573342,570584988');
  });

  it('draw uniforms in [0,1) on the float32 grid with the right moments', () => {
    const stream = new Stream(3, 'report-samples');
    let sum = 0;
    let squares = 0;
    const n = 100_000;
    for (let i = 0; i < n; i++) {
      const u = stream.uniform();
      assert.ok(u >= 0 && u < 1 && Math.fround(u) === u);
      sum += u;
      squares += u * u;
    }
    assert.ok(Math.abs(sum / n - 1 / 2) < 0.005);
    assert.ok(Math.abs(squares / n - 1 / 3) < 0.005);
  });

  it('draw normals with mean 0, variance 1 and no skew', () => {
    const stream = new Stream(4, 'report-samples');
    const moments = [0, 0, 0, 0];
    const n = 100_000;
    for (let i = 0; i < n; i++) {
      const z = stream.normal();
      for (let power = 1; power <= 4; power++) moments[power - 1]! += z ** power / n;
    }
    [0, 1, 0, 3].forEach((expected, i) => assert.ok(Math.abs(moments[i]! - expected) < 0.1));
  });

  it('draw integers without bias', () => {
    const stream = new Stream(5, 'report-samples');
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[stream.integer(7)]!++;
    const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    assert.ok(chiSquare < 22.5, `chi-square ${chiSquare}`); // 0.1 % of fair streams exceed it
    assert.equal(new Stream(5, 'report-samples').integer(1), 0);
    assert.throws(() => stream.integer(0), RangeError);
  });

  it('permute and sample without replacement', () => {
    const permutation = new Stream(6, 'dataset-split').permutation(1000);
    assert.deepEqual(
      [...permutation].sort((a, b) => a - b),
      Array.from({ length: 1000 }, (_, i) => i),
    );
    const sample = new Stream(6, 'dataset-split').sample(1000, 10);
    assert.equal(new Set(sample).size, 10);
    assert.deepEqual(sample, permutation.slice(0, 10));
    assert.throws(() => new Stream(6, 'dataset-split').sample(3, 4), RangeError);
  });
});
