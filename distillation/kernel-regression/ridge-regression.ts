/**
 * @file Kernel ridge regression on a small support set: what it makes of other images, and how its error on them
 * changes with the support. Everything in float64, with the gradient written out.
 */
import { atOnce, type Interruptible } from '../interruptible.js';
import { choleskyFactor, choleskySolve } from './cholesky.js';
import { addWeightedRows, matrixProduct, rowProducts, transposedProduct, type Rows } from './rows.js';
import {
  tangentKernel,
  tangentKernelOfOne,
  type KernelAtPair,
  type TangentKernelSettings,
} from './tangent-kernel.js';

export interface RegressionSettings extends TangentKernelSettings {
  /** Added to the diagonal of the support's kernel, in units of its mean. */
  readonly ridge: number;
}

/** Images and what is to be said of them, one row each. */
export interface Regressed {
  readonly images: Rows;
  readonly targets: Rows;
}

/** A kernel matrix `[rows, columns]` with the derivatives of each entry, and `x . x / size` of both sides. */
interface KernelMatrix {
  readonly values: Float64Array;
  readonly byProduct: Float64Array;
  readonly byFirst: Float64Array;
  readonly bySecond: Float64Array;
}

/** `x . x / size` of each row. */
function meanSquares({ values, count, size }: Rows): Float64Array {
  const squares = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    let sum = 0;
    for (let k = row * size; k < (row + 1) * size; k++) sum += (values[k] ?? 0) ** 2;
    squares[row] = sum / size;
  }
  return squares;
}

function* kernelMatrix(settings: RegressionSettings, a: Rows, b: Rows): Interruptible<KernelMatrix> {
  const products = yield* rowProducts(a, b);
  const [first, second] = [meanSquares(a), meanSquares(b)];
  const byProduct = new Float64Array(products.length);
  const byFirst = new Float64Array(products.length);
  const bySecond = new Float64Array(products.length);
  const pair: KernelAtPair = { value: 0, byProduct: 0, byFirst: 0, bySecond: 0 };
  for (let i = 0; i < a.count; i++) {
    for (let at = i * b.count; at < (i + 1) * b.count; at++) {
      const j = at - i * b.count;
      tangentKernel(settings, (products[at] ?? 0) / a.size, first[i] ?? 0, second[j] ?? 0, pair);
      products[at] = pair.value;
      byProduct[at] = pair.byProduct;
      byFirst[at] = pair.byFirst;
      bySecond[at] = pair.bySecond;
    }
    if (i % 256 === 255) yield;
  }
  return { values: products, byProduct, byFirst, bySecond };
}

/** The kernel of the support with itself, ridge included, solved for its targets. */
interface Fit {
  readonly kernel: KernelMatrix;
  /** Derivatives of the diagonal to `x . x / size`. */
  readonly diagonalSlopes: Float64Array;
  /** Cholesky's factor. */
  readonly factor: Float64Array;
  readonly coefficients: Rows;
}

function* fit(settings: RegressionSettings, { images, targets }: Regressed): Interruptible<Fit> {
  const { count } = images;
  const kernel = yield* kernelMatrix(settings, images, images);
  const squares = meanSquares(images);
  const diagonalSlopes = new Float64Array(count);
  let trace = 0;
  for (let i = 0; i < count; i++) {
    const { value, slope } = tangentKernelOfOne(settings, squares[i] ?? 0);
    kernel.values[i * count + i] = value;
    diagonalSlopes[i] = slope;
    trace += value;
  }
  const ridged = kernel.values.slice();
  for (let i = 0; i < count * count; i += count + 1)
    ridged[i] = (ridged[i] ?? 0) + (settings.ridge * trace) / count;
  const factor = choleskyFactor(ridged, count);
  const coefficients = { ...targets, values: choleskySolve(factor, targets.values, count) };
  return { kernel, diagonalSlopes, factor, coefficients };
}

/** What a regression says of images: `[images.count, classes]`. */
export type Predict = (images: Rows) => Interruptible<Float64Array>;

export function* ridgeRegression(settings: RegressionSettings, support: Regressed): Interruptible<Predict> {
  const { coefficients } = yield* fit(settings, support);
  return function* (images) {
    const { values } = yield* kernelMatrix(settings, images, support.images);
    return matrixProduct({ values, count: images.count, size: support.images.count }, coefficients);
  };
}

export interface RegressionLoss {
  /** `0.5 |predictions - targets|^2 / images`. */
  readonly loss: number;
  /** Its gradient to the images of the support. */
  readonly toImages: Float64Array;
  /** Its gradient to the targets of the support. */
  readonly toTargets: Float64Array;
}

/** The error on `real` of the regression on `support`, and its exact gradient to the support. */
export function* regressionLoss(
  settings: RegressionSettings,
  support: Regressed,
  real: Regressed,
): Interruptible<RegressionLoss> {
  const { count, size } = support.images;
  const { kernel, diagonalSlopes, factor, coefficients } = yield* fit(settings, support);
  const across = yield* kernelMatrix(settings, real.images, support.images);
  const acrossRows: Rows = { values: across.values, count: real.images.count, size: count };

  const error = matrixProduct(acrossRows, coefficients);
  let loss = 0;
  for (let i = 0; i < error.length; i++) {
    const difference = (error[i] ?? 0) - (real.targets.values[i] ?? 0);
    loss += (0.5 * difference * difference) / real.images.count;
    error[i] = difference / real.images.count;
  }
  const errors: Rows = { ...real.targets, values: error };

  // With A the ridged kernel: the coefficients are A^-1 y, so the gradient to y is v = A^-1 K^T error, and that to A
  // is -v coefficients^T.
  const toTargets = choleskySolve(factor, transposedProduct(acrossRows, errors), count);
  const v: Rows = { ...coefficients, values: toTargets };
  const toAcross = weighted(errors, coefficients, 1);
  const toKernel = weighted(v, coefficients, -1);
  let trace = 0;
  for (let i = 0; i < count * count; i += count + 1) trace += toKernel[i] ?? 0;
  for (let i = 0; i < count * count; i += count + 1)
    toKernel[i] = (toKernel[i] ?? 0) + (settings.ridge * trace) / count;

  // How each image moves the products with others, and its own square.
  const toSquare = new Float64Array(count);
  const add = (image: number, value: number): void => {
    toSquare[image] = (toSquare[image] ?? 0) + value;
  };
  const byReal = new Float64Array(count * real.images.count);
  for (let i = 0; i < real.images.count; i++)
    for (let j = 0; j < count; j++) {
      const at = i * count + j;
      byReal[j * real.images.count + i] = ((toAcross[at] ?? 0) * (across.byProduct[at] ?? 0)) / size;
      add(j, (toAcross[at] ?? 0) * (across.bySecond[at] ?? 0));
    }
  const bySupport = new Float64Array(count * count);
  for (let i = 0; i < count; i++)
    for (let j = 0; j < count; j++) {
      const at = i * count + j;
      if (i === j) {
        add(i, (toKernel[at] ?? 0) * (diagonalSlopes[i] ?? 0));
        continue;
      }
      const both = (toKernel[at] ?? 0) + (toKernel[j * count + i] ?? 0);
      bySupport[at] = (both * (kernel.byProduct[at] ?? 0)) / size;
      add(i, both * (kernel.byFirst[at] ?? 0));
    }
  for (let i = 0; i < count; i++) bySupport[i * count + i] = (2 * (toSquare[i] ?? 0)) / size;

  const toImages: Rows = { values: new Float64Array(count * size), count, size };
  yield* addWeightedRows(toImages, byReal, real.images);
  yield* addWeightedRows(toImages, bySupport, support.images);
  return { loss, toImages: toImages.values, toTargets };
}

/** `factor a b^T`: the product of every row of `a` with every row of `b`, which are short. */
function weighted(a: Rows, b: Rows, factor: number): Float64Array {
  return atOnce(rowProducts(a, b)).map((value) => factor * value);
}
