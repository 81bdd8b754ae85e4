/**
 * @file ZCA whitening of real data sets on the device, where the products of large matrices are fast. The roots
 * come from products alone, by the coupled Newton iteration (Higham, "Functions of Matrices", section 6.7):
 * no eigenvectors, whose signs and order could differ from run to run.
 */
import type { ImageSource } from '../datasets/dataset.js';
import { DistilleryError } from '../errors/errors.js';
import type { Device } from '../tensor/device.js';
import { GraphBuilder } from '../tensor/graph.js';
import { compile, type Program } from '../tensor/program.js';
import { whiteningEpsilon } from './zca.js';

/** As `Whitening`, in the precision that training has. Matrices are `[d, d]` row-major, symmetric. */
export interface FittedWhitening {
  readonly dimension: number;
  readonly mean: Float32Array;
  readonly transform: Float32Array;
  readonly inverse: Float32Array;
}

/** Rows of one product. */
const batchRows = 4000;
/** Newton steps before giving up; the covariances of pictures take about 15. */
const mostSteps = 60;
/** Of the residual's root mean square, where rounding ends the improvement. */
const converged = 1e-5;
/** A provisional mean keeps the sums small. */
const middle = 0.5;

/** Sums up images as they come; the fit needs nothing else of them. */
export class WhiteningFit {
  readonly #device: Device;
  readonly #dimension: number;
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;
  #count = 0;

  /** @param dimension values of one image */
  constructor(device: Device, dimension: number) {
    this.#device = device;
    this.#dimension = dimension;
    this.#sums = new Float64Array(dimension);
    this.#squares = new Float64Array(dimension * dimension);
  }

  /** @param images `[n, dimension]` bytes, of which 255 is the value 1 */
  add(images: Uint8Array): void {
    const size = this.#dimension;
    for (let from = 0; from < images.length; from += batchRows * size) {
      const part = images.subarray(from, from + batchRows * size);
      const rows = new Float32Array(part.length);
      for (let begin = 0; begin < part.length; begin += size) {
        for (let column = 0; column < size; column += 1) {
          const value = (part[begin + column] ?? 0) / 255 - middle;
          rows[begin + column] = value;
          this.#sums[column] = (this.#sums[column] ?? 0) + value;
        }
      }
      const shape = [rows.length / size, size] as const;
      const [squares = new Float32Array()] = runOnce(this.#device, productOfColumns(shape), {
        x: [rows, shape],
      });
      for (let at = 0; at < squares.length; at += 1) {
        this.#squares[at] = (this.#squares[at] ?? 0) + (squares[at] ?? 0);
      }
      this.#count += shape[0];
    }
  }

  /**
   * The covariance divides by n - 1.
   * @param between awaited between steps of some seconds.
   * @param epsilon added to every eigenvalue.
   * @throws DistilleryError `Diverged` when the roots are not found.
   */
  async finish(
    between: () => Promise<void> = () => Promise.resolve(),
    epsilon = whiteningEpsilon,
  ): Promise<FittedWhitening> {
    const size = this.#dimension;
    const mean = this.#sums.map((sum) => sum / this.#count);
    const covariance = new Float32Array(size * size);
    for (let i = 0; i < size; i += 1) {
      for (let j = 0; j < size; j += 1) {
        const sum = (this.#squares[i * size + j] ?? 0) - this.#count * (mean[i] ?? 0) * (mean[j] ?? 0);
        covariance[i * size + j] = sum / (this.#count - 1) + (i === j ? epsilon : 0);
      }
    }
    const { root, inverseRoot } = await squareRoots(this.#device, covariance, size, between);
    return {
      dimension: size,
      mean: Float32Array.from(mean, (value) => value + middle),
      transform: inverseRoot,
      inverse: root,
    };
  }
}

/** `A^1/2` and `A^-1/2` of a symmetric positive definite matrix. */
async function squareRoots(
  device: Device,
  matrix: Float32Array,
  size: number,
  between: () => Promise<void>,
): Promise<{ root: Float32Array; inverseRoot: Float32Array }> {
  // Above the largest eigenvalue, so that all of them lie in (0, 1] and the iteration converges.
  const scale = Math.sqrt(matrix.reduce((sum, value) => sum + value * value, 0));
  const identity = Float32Array.from(matrix, (_, at) => (at % (size + 1) === 0 ? 1 : 0));
  const shape = [size, size];
  const step = newtonStep(size);
  const unit = device.upload(identity, shape);
  let y = device.upload(
    matrix.map((value) => value / scale),
    shape,
  );
  let z = device.upload(identity, shape);
  let last = Infinity;
  try {
    for (let steps = 0; ; steps += 1) {
      const [nextY = y, nextZ = z, error = unit] = device.run(step, { y, z, unit });
      const residual = Math.sqrt((device.download(error)[0] ?? Number.NaN) / size);
      device.release(y, z, error);
      [y, z] = [nextY, nextZ];
      // Quadratic until rounding takes over; then it only moves to and fro.
      if (residual < converged || (residual < 1e-2 && residual >= last)) break;
      if (!(residual < 1e6) || steps === mostSteps) {
        throw new DistilleryError(
          'Diverged',
          `The whitening of the images is not found: after ${steps} steps the residual is ${residual}. Check the images.`,
        );
      }
      last = residual;
      await between();
    }
    const factor = Math.sqrt(scale);
    return {
      root: symmetric(device.download(y), size, factor),
      inverseRoot: symmetric(device.download(z), size, 1 / factor),
    };
  } finally {
    device.release(unit, y, z);
  }
}

/** `R = I - Z Y`, `Y <- Y (I + R / 2)`, `Z <- (I + R / 2) Z`; the third output is the sum of R's squares. */
function newtonStep(size: number): Program {
  const g = new GraphBuilder();
  const shape = [size, size];
  const [y, z, unit] = [g.input('y', shape), g.input('z', shape), g.input('unit', shape)];
  const residual = g.sub(unit, g.matmul(z, y));
  const factor = g.add(unit, g.scale(residual, 0.5));
  return compile([g.matmul(y, factor), g.matmul(factor, z), g.dot(residual, residual)]);
}

function symmetric(matrix: Float32Array, size: number, factor: number): Float32Array {
  return matrix.map((value, at) => {
    const mirrored = matrix[(at % size) * size + Math.floor(at / size)] ?? 0;
    return (factor * (value + mirrored)) / 2;
  });
}

/**
 * `(x - mean) T` of every image in order, so many at a time as is fast.
 *
 * @param images of `dimension` bytes each
 */
export function* whitened(
  device: Device,
  images: Pick<ImageSource, 'count' | 'pixels'>,
  { dimension, mean, transform }: Pick<FittedWhitening, 'dimension' | 'mean' | 'transform'>,
): Generator<Float32Array> {
  const matrix = device.upload(transform, [dimension, dimension]);
  try {
    for (let from = 0; from < images.count; from += batchRows) {
      const count = Math.min(batchRows, images.count - from);
      const rows = new Float32Array(count * dimension);
      for (let row = 0; row < count; row += 1) {
        const bytes = images.pixels(from + row);
        for (let column = 0; column < dimension; column += 1) {
          rows[row * dimension + column] = (bytes[column] ?? 0) / 255 - (mean[column] ?? 0);
        }
      }
      const shape = [count, dimension];
      const g = new GraphBuilder();
      const program = compile([g.matmul(g.input('x', shape), g.input('t', [dimension, dimension]))]);
      const x = device.upload(rows, shape);
      const outputs = device.run(program, { x, t: matrix });
      const results = outputs.map((output) => device.download(output));
      device.release(x, ...outputs);
      yield* results;
    }
  } finally {
    device.release(matrix);
  }
}

function productOfColumns(shape: readonly number[]): Program {
  const g = new GraphBuilder();
  const x = g.input('x', [...shape]);
  return compile([g.matmul(x, x, { transposeA: true })]);
}

function runOnce(
  device: Device,
  program: Program,
  inputs: Readonly<Record<string, readonly [Float32Array, readonly number[]]>>,
): Float32Array[] {
  const uploaded = Object.entries(inputs).map(
    ([name, [data, shape]]) => [name, device.upload(data, shape)] as const,
  );
  const outputs = device.run(program, Object.fromEntries(uploaded));
  const results = outputs.map((output) => device.download(output));
  device.release(...uploaded.map(([, tensor]) => tensor), ...outputs);
  return results;
}
