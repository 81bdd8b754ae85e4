/**
 * @file Products of many rows with many rows in float64, for matrices that are not worth a device: a ridge of a
 * millionth asks for more digits than float32 has.
 */
import type { Interruptible } from '../interruptible.js';

/** `[count, size]`, row-major. */
export interface Rows {
  readonly values: Float64Array;
  readonly count: number;
  readonly size: number;
}

export function rowsOf(values: ArrayLike<number>, size: number): Rows {
  return { values: Float64Array.from(values), count: values.length / size, size };
}

/** Multiplications between two breaks: some tens of milliseconds. */
const breakAfter = 2 ** 24;

/** `[a.count, b.count]`: the product of every row of `a` with every row of `b`. */
export function* rowProducts(a: Rows, b: Rows): Interruptible<Float64Array> {
  const products = new Float64Array(a.count * b.count);
  let work = 0;
  for (let row = 0; row < a.count; row += 2) {
    productsOfTwo(a, row, b, products);
    work += 2 * b.count * b.size;
    if (work < breakAfter) continue;
    work = 0;
    yield;
  }
  return products;
}

/**
 * Adds to each row of `sums` the rows of `of`, weighted: `sums[i] += sum over j of weights[i, j] * of[j]`.
 *
 * @param weights `[sums.count, of.count]`
 */
export function* addWeightedRows(sums: Rows, weights: Float64Array, of: Rows): Interruptible<void> {
  let work = 0;
  for (let row = 0; row < sums.count; row += 2) {
    for (let from = 0; from < of.count; from += 4) addFourToTwo(sums, row, weights, of, from);
    work += 2 * of.count * of.size;
    if (work < breakAfter) continue;
    work = 0;
    yield;
  }
}

/** Two rows by four at a time, whose eight sums stay in registers; for rows past the end the last one stands in. */
function productsOfTwo(
  { values: x, count, size }: Rows,
  row: number,
  { values: y, count: columns }: Rows,
  products: Float64Array,
): void {
  const next = Math.min(row + 1, count - 1);
  for (let column = 0; column < columns; column += 4) {
    const c1 = Math.min(column + 1, columns - 1);
    const c2 = Math.min(column + 2, columns - 1);
    const c3 = Math.min(column + 3, columns - 1);
    let a0 = 0;
    let a1 = 0;
    let a2 = 0;
    let a3 = 0;
    let b0 = 0;
    let b1 = 0;
    let b2 = 0;
    let b3 = 0;
    for (let k = 0; k < size; k++) {
      const a = x[row * size + k] ?? 0;
      const b = x[next * size + k] ?? 0;
      const y0 = y[column * size + k] ?? 0;
      const y1 = y[c1 * size + k] ?? 0;
      const y2 = y[c2 * size + k] ?? 0;
      const y3 = y[c3 * size + k] ?? 0;
      a0 += a * y0;
      a1 += a * y1;
      a2 += a * y2;
      a3 += a * y3;
      b0 += b * y0;
      b1 += b * y1;
      b2 += b * y2;
      b3 += b * y3;
    }
    products[row * columns + column] = a0;
    products[row * columns + c1] = a1;
    products[row * columns + c2] = a2;
    products[row * columns + c3] = a3;
    products[next * columns + column] = b0;
    products[next * columns + c1] = b1;
    products[next * columns + c2] = b2;
    products[next * columns + c3] = b3;
  }
}

/** Adds four weighted rows to two, or as many as there are left: those past the end count nothing. */
function addFourToTwo(sums: Rows, row: number, weights: Float64Array, of: Rows, from: number): void {
  const { size } = sums;
  const out = sums.values;
  const x = of.values;
  const last = of.count - 1;
  const next = Math.min(row + 1, sums.count - 1);
  const weightOf = (to: number, at: number): number =>
    to < sums.count && at <= last ? (weights[to * of.count + at] ?? 0) : 0;
  const a0 = weightOf(row, from);
  const a1 = weightOf(row, from + 1);
  const a2 = weightOf(row, from + 2);
  const a3 = weightOf(row, from + 3);
  const b0 = weightOf(row + 1, from);
  const b1 = weightOf(row + 1, from + 1);
  const b2 = weightOf(row + 1, from + 2);
  const b3 = weightOf(row + 1, from + 3);
  const r1 = Math.min(from + 1, last);
  const r2 = Math.min(from + 2, last);
  const r3 = Math.min(from + 3, last);
  for (let k = 0; k < size; k++) {
    const x0 = x[from * size + k] ?? 0;
    const x1 = x[r1 * size + k] ?? 0;
    const x2 = x[r2 * size + k] ?? 0;
    const x3 = x[r3 * size + k] ?? 0;
    out[row * size + k] = (out[row * size + k] ?? 0) + (a0 * x0 + a1 * x1 + (a2 * x2 + a3 * x3));
    out[next * size + k] = (out[next * size + k] ?? 0) + (b0 * x0 + b1 * x1 + (b2 * x2 + b3 * x3));
  }
}

/** `[a.count, b.size]`: the matrix product, where `b` has few columns. */
export function matrixProduct(a: Rows, b: Rows): Float64Array {
  const result = new Float64Array(a.count * b.size);
  for (let i = 0; i < a.count; i++)
    for (let k = 0; k < a.size; k++) {
      const factor = a.values[i * a.size + k] ?? 0;
      for (let j = 0; j < b.size; j++)
        result[i * b.size + j] = (result[i * b.size + j] ?? 0) + factor * (b.values[k * b.size + j] ?? 0);
    }
  return result;
}

/** `[a.size, b.size]`: the product of `a` transposed with `b`, which has few columns. */
export function transposedProduct(a: Rows, b: Rows): Float64Array {
  const result = new Float64Array(a.size * b.size);
  for (let row = 0; row < a.count; row++)
    for (let i = 0; i < a.size; i++) {
      const factor = a.values[row * a.size + i] ?? 0;
      for (let j = 0; j < b.size; j++)
        result[i * b.size + j] = (result[i * b.size + j] ?? 0) + factor * (b.values[row * b.size + j] ?? 0);
    }
  return result;
}
