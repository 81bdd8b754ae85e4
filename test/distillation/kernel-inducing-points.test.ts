/**
 * @file Kernel inducing points in pieces: the kernel against networks of finite width, the regression and its gradient
 * against numbers of another program, and images on which it gets better.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KipConfig } from '../../definition/plan.js';
import { adamStep } from '../../distillation/adam.js';
import { oneHot } from '../../distillation/batches.js';
import { initialDistillState } from '../../distillation/distill-state.js';
import { ImageDistiller } from '../../distillation/image-distiller.js';
import { atOnce } from '../../distillation/interruptible.js';
import {
  centred,
  kernelInducingPoints,
  regressionAccuracy,
} from '../../distillation/kernel-inducing-points.js';
import { choleskyFactor, choleskySolve } from '../../distillation/kernel-regression/cholesky.js';
import { regressionLoss } from '../../distillation/kernel-regression/ridge-regression.js';
import { addWeightedRows, rowProducts, rowsOf } from '../../distillation/kernel-regression/rows.js';
import {
  tangentKernel,
  tangentKernelOfOne,
  type TangentKernelSettings,
} from '../../distillation/kernel-regression/tangent-kernel.js';
import { nearestProbabilities } from '../../distillation/soft-labels.js';
import { initialImages, syntheticLabels } from '../../distillation/synthetic-set.js';
import { Stream } from '../../random/stream.js';
import { tinyClasses, tinyImages } from '../support/tiny.js';
import { regressionCases } from './kernel-regression-cases.js';

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i]! * b[i]!;
  return sum;
};

function kernelOf(settings: TangentKernelSettings, x: Float64Array, y: Float64Array): number {
  const pair = { value: 0, byProduct: 0, byFirst: 0, bySecond: 0 };
  const size = x.length;
  tangentKernel(settings, dot(x, y) / size, dot(x, x) / size, dot(y, y) / size, pair);
  return pair.value;
}

/**
 * A random network of two hidden layers: the gradients to all its parameters at two images, multiplied, for images by
 * their position.
 */
function finiteNetwork(
  { weightVariance: w, biasVariance: bias }: TangentKernelSettings,
  width: number,
  network: number,
  images: readonly Float64Array[],
) {
  const stream = new Stream(11, 'network-init', network);
  const normals = (count: number) => Float64Array.from({ length: count }, () => stream.normal());
  const size = images[0]!.length;
  const [first, second, last] = [normals(width * size), normals(width * width), normals(width)] as const;
  const [firstBias, secondBias] = [normals(width), normals(width)] as const;
  const [inScale, scale] = [Math.sqrt(w / size), Math.sqrt(w / width)] as const;
  const layer = (weights: Float64Array, biases: Float64Array, x: Float64Array, by: number) =>
    biases.map(
      (b, unit) =>
        by * dot(weights.subarray(unit * x.length, (unit + 1) * x.length), x) + Math.sqrt(bias) * b,
    );
  const relu = (x: Float64Array) => x.map((value) => Math.max(0, value));
  const passes = images.map((x) => {
    const h1 = layer(first, firstBias, x, inScale);
    const h2 = layer(second, secondBias, relu(h1), scale);
    const d2 = last.map((v, i) => (h2[i]! > 0 ? scale * v : 0));
    const d1 = new Float64Array(width);
    d2.forEach((d, unit) => {
      for (let i = 0; i < width; i += 1) d1[i]! += scale * d * second[unit * width + i]!;
    });
    return { x, a1: relu(h1), a2: relu(h2), d2, d1: d1.map((d, i) => (h1[i]! > 0 ? d : 0)) };
  });
  return (one: number, other: number): number => {
    const [p, q] = [passes[one]!, passes[other]!];
    return (
      (w / width) * dot(p.a2, q.a2) +
      bias +
      dot(p.d2, q.d2) * ((w / width) * dot(p.a1, q.a1) + bias) +
      dot(p.d1, q.d1) * ((w / size) * dot(p.x, q.x) + bias)
    );
  };
}

const numbers = (count: number, shift: number) =>
  Float64Array.from({ length: count }, (_, i) => Math.sin(1.7 * i + shift) * Math.cos(0.31 * i * shift));

describe('the tangent kernel', () => {
  it('is what wide networks come near to', () => {
    const settings = { depth: 2, weightVariance: 2, biasVariance: 0.1 };
    const images = [numbers(6, 1), numbers(6, 2), numbers(6, 3).map((value) => 2 * value)] as const;
    const networks = Array.from({ length: 40 }, (_, i) => finiteNetwork(settings, 256, i, images));
    for (const [one, other] of [
      [0, 1],
      [0, 0],
      [1, 2],
    ] as const) {
      const mean = networks.reduce((sum, kernel) => sum + kernel(one, other) / networks.length, 0);
      const expected = kernelOf(settings, images[one], images[other]);
      assert.ok(Math.abs(mean / expected - 1) < 0.05, `${mean} for ${expected}`);
    }
  });

  it('of an image with itself is the limit of the pairs', () => {
    for (const depth of [1, 2, 5]) {
      const settings = { depth, weightVariance: 1.7, biasVariance: 0.3 };
      const x = numbers(9, 2);
      const { value, slope } = tangentKernelOfOne(settings, dot(x, x) / 9);
      assert.ok(Math.abs(kernelOf(settings, x, x) / value - 1) < 1e-6);
      const longer = tangentKernelOfOne(settings, dot(x, x) / 9 + 1);
      assert.ok(Math.abs(longer.value - value - slope) < 1e-12 * value);
    }
  });
});

describe('kernel ridge regression', () => {
  for (const expected of regressionCases)
    it(`has the numbers of another program, depth ${expected.depth}`, () => {
      const [size, classes, support, real] = [6, 3, 4, 5];
      const set = (count: number, shift: number) => ({
        images: rowsOf(numbers(count * size, shift), size),
        targets: rowsOf(numbers(count * classes, shift + 1), classes),
      });
      const [own, others] = [set(support, 1), set(real, 3)];
      const row = (values: Float64Array, at: number) => values.subarray(at * size, (at + 1) * size);
      expected.kernel.forEach((value, at) => {
        const pair = [
          row(own.images.values, Math.floor(at / real)),
          row(others.images.values, at % real),
        ] as const;
        assert.ok(Math.abs(kernelOf(expected, ...pair) - value) < 1e-5, `kernel ${at}`);
      });
      const { loss, toImages, toTargets } = atOnce(regressionLoss(expected, own, others));
      assert.ok(Math.abs(loss - expected.loss) < 1e-10, `${loss}`);
      const near = (found: Float64Array, wanted: readonly number[]) => {
        assert.equal(found.length, wanted.length);
        found.forEach((value, i) => {
          assert.ok(Math.abs(value - wanted[i]!) < 1e-8, `${i}: ${value}`);
        });
      };
      near(toImages, expected.toImages);
      near(toTargets, expected.toTargets);
    });

  it('multiplies rows of any number, and solves', () => {
    for (const [rows, others] of [
      [1, 1],
      [2, 3],
      [5, 4],
      [3, 9],
    ] as const) {
      const a = rowsOf(numbers(rows * 7, 1), 7);
      const b = rowsOf(numbers(others * 7, 2), 7);
      const products = atOnce(rowProducts(a, b));
      const weights = numbers(rows * others, 3);
      const sums = { ...a, values: a.values.slice() };
      atOnce(addWeightedRows(sums, weights, b));
      for (let i = 0; i < rows; i += 1) {
        const expected = a.values.slice(i * 7, (i + 1) * 7);
        for (let j = 0; j < others; j += 1) {
          const other = b.values.subarray(j * 7, (j + 1) * 7);
          const product = dot(a.values.subarray(i * 7, (i + 1) * 7), other);
          assert.ok(Math.abs(products[i * others + j]! - product) < 1e-14);
          other.forEach((value, k) => (expected[k]! += weights[i * others + j]! * value));
        }
        expected.forEach((value, k) => {
          assert.ok(Math.abs(sums.values[i * 7 + k]! - value) < 1e-14);
        });
      }
    }
    const stream = new Stream(1, 'network-init', 0);
    const rows = rowsOf(
      Array.from({ length: 5 * 8 }, () => stream.normal()),
      8,
    );
    const matrix = atOnce(rowProducts(rows, rows));
    const solution = choleskySolve(choleskyFactor(matrix, 5), numbers(10, 4), 5);
    for (let i = 0; i < 5; i += 1)
      for (let c = 0; c < 2; c += 1) {
        const product = dot(
          matrix.subarray(i * 5, (i + 1) * 5),
          [0, 1, 2, 3, 4].map((k) => solution[k * 2 + c]!),
        );
        assert.ok(Math.abs(product - numbers(10, 4)[i * 2 + c]!) < 1e-9);
      }
    assert.throws(() => choleskyFactor(Float64Array.of(1, 2, 2, 1), 2), {
      code: 'Diverged',
      message: /not positive definite.*Raise ridge/,
    });
  });
});

describe('kernel inducing points', () => {
  const real = tinyImages(40);
  const ipc = 2;
  const method: KipConfig = {
    ...{ name: 'kip', depth: 1, weightVariance: 2, biasVariance: 0.01, ridge: 1e-6 },
    ...{ lrImg: 0.04, batchReal: 24, lrTrain: 0.01 },
  };
  const labels = centred(oneHot(syntheticLabels(tinyClasses, ipc), tinyClasses), tinyClasses);
  const start = initialImages('noise', real, { ipc, seed: 4 });

  async function distilled(change: Partial<KipConfig> = {}) {
    const changed = { ...method, ...change };
    const learned = changed.labels === 'learned';
    const distiller = new ImageDistiller(
      kernelInducingPoints(real.normalised, { method: changed, labels, seed: 9 }),
      initialDistillState(start, 0.01, { squared: true, labelLogits: learned ? labels : undefined }),
    );
    const losses: number[] = [];
    for (let step = 0; step < 40; step += 1) losses.push((await distiller.step()).loss);
    const { images, labelLogits } = distiller.exportState();
    const accuracy = atOnce(
      regressionAccuracy(tinyImages(40, 2).normalised, changed, images, labelLogits ?? labels),
    );
    return { losses, accuracy, labelLogits };
  }

  it('tell other images apart', async () => {
    const before = atOnce(regressionAccuracy(tinyImages(40, 2).normalised, method, start, labels));
    const { losses, accuracy } = await distilled();
    assert.ok(losses.at(-1)! < 0.3 * losses[0]!, losses.join(' '));
    assert.ok(before < 0.6 && accuracy > 0.9, `${before}, then ${accuracy}`);
  });

  it('have labels of their own', async () => {
    const fixed = await distilled();
    const { losses, labelLogits } = await distilled({ labels: 'learned', lrLabels: 0.01 });
    assert.equal(fixed.labelLogits, undefined);
    assert.notDeepEqual(labelLogits, labels);
    assert.equal(losses[0], fixed.losses[0]);
    assert.ok(losses[5]! < fixed.losses[5]! && losses.at(-1)! < 0.3 * losses[0]!, losses.join(' '));
  });

  it('are moved by Adam as it is defined', () => {
    const values = Float32Array.of(1, -2, 0.5);
    const moments = { mean: new Float32Array(3), square: new Float32Array(3) };
    for (let step = 1; step <= 3; step += 1) {
      const slope = values.map((value, i) => 2 * value + [0.1, 0, -0.3][i]! * step);
      adamStep(values, moments, slope, { lr: 0.1, step });
    }
    // Of the same three steps in float64, by another program.
    [0.7005861821, -1.700623392, 0.2758209022].forEach((expected, i) => {
      assert.ok(Math.abs(values[i]! - expected) < 1e-6);
    });
  });
});

describe('the probabilities nearest to labels', () => {
  it('are those of the class where labels are centred, and the projection elsewhere', () => {
    assert.deepEqual([...nearestProbabilities(centred(Float32Array.of(0, 1, 0, 0), 4), 4)], [0, 1, 0, 0]);
    const close = (found: Float32Array, expected: readonly number[]) => {
      found.forEach((value, i) => {
        assert.ok(Math.abs(value - expected[i]!) < 1e-6, [...found].join(' '));
      });
    };
    close(nearestProbabilities(Float32Array.of(0.5, 0.3, -0.9), 3), [0.6, 0.4, 0]);
    close(nearestProbabilities(Float32Array.of(7, 7, 7, 3, -1, 0), 3), [1 / 3, 1 / 3, 1 / 3, 1, 0, 0]);
  });
});
