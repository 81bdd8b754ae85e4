/**
 * @file Half precision: every word stands for its value, and every value is rounded to the nearest.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { fromHalf, toHalf } from '../../artifacts/float16.js';
import { Stream } from '../../random/stream.js';

const words = Uint16Array.from({ length: 0x10000 }, (_, word) => word);

test('every half but NaN comes back as it was', () => {
  const values = fromHalf(words);
  const back = toHalf(values);
  words.forEach((word, i) => {
    if (Number.isNaN(values[i])) assert.equal(back[i]! & 0x7e00, 0x7e00);
    else assert.equal(back[i], word, `${values[i]}`);
  });
});

test('known values', () => {
  assert.deepEqual(
    [...fromHalf(Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x3555, 0x7c00))],
    [1, -2, 65504, 2 ** -24, 2 ** -14, Math.fround(0.333251953125), Infinity],
  );
  // Ties go to the even one: 1 + 2^-11 down to 1, 1 + 3 * 2^-11 up; 2^-25 down to 0.
  const ties = Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11, 2 ** -25, 1.5 * 2 ** -24, 65519, 65520, -1e9);
  assert.deepEqual([...toHalf(ties)], [0x3c00, 0x3c02, 0, 2, 0x7bff, 0x7c00, 0xfc00]);
});

test('a value is rounded to the nearest half', () => {
  const finite = fromHalf(words.subarray(0, 0x7c00));
  const stream = new Stream(1, 'report-samples', 1);
  for (let i = 0; i < 5000; i++) {
    const value = Math.fround(stream.normal() * 10 ** (4 * stream.normal() - 3));
    if (Math.abs(value) > 65504) continue;
    const [word = 0] = toHalf(Float32Array.of(value));
    const size = word & 0x7fff;
    const off = (other: number) => Math.abs((finite[other] ?? Infinity) - Math.abs(value));
    assert.ok(off(size) <= off(size + 1) && (size === 0 || off(size) <= off(size - 1)), `${value}`);
  }
});
