/**
 * @file The eigensolver on hard matrices, and what whitening promises.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { symmetricEigen } from '../../distillation/symmetric-eigen.js';
import { fitWhitening, unwhiten, whiten } from '../../distillation/zca.js';
import { Stream } from '../../random/stream.js';

/** Largest entry of `V^T diag(values) V - A` and of `V V^T - 1`. */
function residual(matrix: Float64Array, n: number): number {
  const { values, vectors } = symmetricEigen(matrix, n);
  let worst = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let rebuilt = 0;
      let inner = 0;
      for (let k = 0; k < n; k++) {
        rebuilt += values[k]! * vectors[k * n + i]! * vectors[k * n + j]!;
        inner += vectors[i * n + k]! * vectors[j * n + k]!;
      }
      worst = Math.max(worst, Math.abs(rebuilt - matrix[i * n + j]!), Math.abs(inner - (i === j ? 1 : 0)));
    }
  return worst;
}

function symmetric(n: number, value: (i: number, j: number) => number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, at) => {
    const i = Math.floor(at / n);
    const j = at % n;
    return value(Math.min(i, j), Math.max(i, j));
  });
}

describe('symmetric eigenvalue problem', () => {
  it('is solved to rounding for random matrices', () => {
    for (const n of [1, 2, 3, 17, 80]) {
      const random = Float64Array.from({ length: n * n }, (_, k) => new Stream(k, 'report-samples').normal());
      const residue = residual(
        symmetric(n, (i, j) => random[i * n + j]!),
        n,
      );
      assert.ok(residue < 1e-12, `n ${n}: ${residue}`);
    }
  });

  it('is solved for diagonal, constant, low-rank, badly scaled and tridiagonal matrices', () => {
    const n = 24;
    const matrices = {
      zero: symmetric(n, () => 0),
      identity: symmetric(n, (i, j) => (i === j ? 1 : 0)),
      constant: symmetric(n, () => 1),
      rankTwo: symmetric(n, (i, j) => i * j + 1),
      scaled: symmetric(n, (i, j) => 2 ** -(i + j)),
      wilkinson: symmetric(n, (i, j) => (i === j ? Math.abs(i - n / 2) : j - i === 1 ? 1 : 0)),
    };
    for (const [name, matrix] of Object.entries(matrices)) {
      const residue = residual(matrix, n);
      assert.ok(residue < 1e-10, `${name}: ${residue}`);
    }
  });

  it('finds known values', () => {
    const { values } = symmetricEigen(Float64Array.of(2, 1, 0, 1, 2, 0, 0, 0, 5), 3);
    [1, 3, 5].forEach((expected, i) => assert.ok(Math.abs([...values].sort()[i]! - expected) < 1e-14));
  });
});

describe('ZCA whitening', () => {
  const dimension = 12;
  const count = 400;
  const images = Float32Array.from({ length: dimension * count }, (_, at) => {
    const row = Math.floor(at / dimension);
    return new Stream(row, 'report-samples', 0).uniform() + 0.3 * new Stream(at, 'report-samples').uniform();
  });

  it('without a floor makes the covariance the identity', () => {
    const whitened = whiten(images, fitWhitening(images, dimension, 1e-12));
    for (let i = 0; i < dimension; i++)
      for (let j = 0; j < dimension; j++) {
        let sum = 0;
        for (let row = 0; row < count; row++)
          sum += whitened[row * dimension + i]! * whitened[row * dimension + j]!;
        assert.ok(Math.abs(sum / (count - 1) - (i === j ? 1 : 0)) < 1e-4);
      }
  });

  it('can be undone', () => {
    const whitening = fitWhitening(images, dimension);
    const back = unwhiten(whiten(images, whitening), whitening);
    back.forEach((value, i) => assert.ok(Math.abs(value - images[i]!) < 1e-5));
  });
});
