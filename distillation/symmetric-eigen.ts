/**
 * @file Eigenvalues and eigenvectors of a symmetric matrix in float64: Householder reduction to a tridiagonal
 * matrix, then implicit QL with Wilkinson shifts (Golub and Van Loan, "Matrix Computations", chapter 8).
 */

export interface SymmetricEigen {
  /** In no particular order. */
  readonly values: Float64Array;
  /** Row i is the unit eigenvector of value i, `[n, n]` row-major. */
  readonly vectors: Float64Array;
}

/** QL steps per eigenvalue before giving up; two or three are usual. */
const MAX_STEPS = 60;

/** Decomposes `matrix`, `[n, n]` row-major and symmetric. */
export function symmetricEigen(matrix: Float64Array, n: number): SymmetricEigen {
  const { diagonal, offDiagonal, basis } = tridiagonalise(matrix, n);
  diagonaliseQl(diagonal, offDiagonal, basis, n);
  return { values: diagonal, vectors: basis };
}

/**
 * `A = Q T Q^T` by reflections `I - 2 u u^T`. `basis` is Q^T, so that the rotations that follow act on whole rows.
 */
function tridiagonalise(matrix: Float64Array, n: number) {
  const a = matrix.slice();
  const at = (i: number): number => a[i] ?? 0;
  const reflectors: { readonly from: number; readonly u: Float64Array }[] = [];
  for (let k = 0; k < n - 2; k++) {
    const from = k + 1;
    const size = n - from;
    // u reflects the part of column k below the diagonal onto its first axis.
    const u = new Float64Array(size);
    let squares = 0;
    for (let i = 0; i < size; i++) {
      const value = at((from + i) * n + k);
      u[i] = value;
      squares += value * value;
    }
    const first = u[0] ?? 0;
    const tail = squares - first * first;
    if (tail === 0) continue;
    const image = first > 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
    u[0] = first - image;
    const length = Math.sqrt((first - image) ** 2 + tail);
    for (let i = 0; i < size; i++) u[i] = (u[i] ?? 0) / length;
    // The trailing block becomes B - u q^T - q u^T with p = 2 B u and q = p - (u . p) u.
    const q = new Float64Array(size);
    let dot = 0;
    for (let i = 0; i < size; i++) {
      const row = (from + i) * n + from;
      let sum = 0;
      for (let j = 0; j < size; j++) sum += at(row + j) * (u[j] ?? 0);
      q[i] = 2 * sum;
      dot += 2 * sum * (u[i] ?? 0);
    }
    for (let i = 0; i < size; i++) q[i] = (q[i] ?? 0) - dot * (u[i] ?? 0);
    for (let i = 0; i < size; i++) {
      const row = (from + i) * n + from;
      const ui = u[i] ?? 0;
      const qi = q[i] ?? 0;
      for (let j = 0; j < size; j++) a[row + j] = at(row + j) - ui * (q[j] ?? 0) - qi * (u[j] ?? 0);
    }
    a[from * n + k] = image;
    reflectors.push({ from, u });
  }
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    diagonal[i] = at(i * n + i);
    if (i + 1 < n) offDiagonal[i] = at((i + 1) * n + i);
  }
  return { diagonal, offDiagonal, basis: transposedProduct(reflectors, n) };
}

/** Q^T = H_last ... H_2 H_1, built from the first reflection inwards on the columns it touches. */
function transposedProduct(
  reflectors: readonly { readonly from: number; readonly u: Float64Array }[],
  n: number,
): Float64Array {
  const basis = new Float64Array(n * n);
  for (let i = 0; i < n; i++) basis[i * n + i] = 1;
  // Multiplying from the right, (Q^T) H, in the order last to first keeps untouched columns trivial.
  for (const { from, u } of reflectors.toReversed()) {
    for (let row = from; row < n; row++) {
      const start = row * n + from;
      let dot = 0;
      for (let j = 0; j < u.length; j++) dot += (basis[start + j] ?? 0) * (u[j] ?? 0);
      if (dot === 0) continue;
      for (let j = 0; j < u.length; j++) basis[start + j] = (basis[start + j] ?? 0) - 2 * dot * (u[j] ?? 0);
    }
  }
  return basis;
}

/** Reduces the tridiagonal matrix to its eigenvalues in place; every rotation turns two rows of `basis`. */
function diagonaliseQl(d: Float64Array, e: Float64Array, basis: Float64Array, n: number): void {
  const dAt = (i: number): number => d[i] ?? 0;
  const eAt = (i: number): number => e[i] ?? 0;
  for (let low = 0; low < n; low++) {
    for (let steps = 0; ; steps++) {
      let high = low;
      while (
        high < n - 1 &&
        Math.abs(eAt(high)) > Number.EPSILON * (Math.abs(dAt(high)) + Math.abs(dAt(high + 1)))
      )
        high++;
      if (high === low) break;
      if (steps === MAX_STEPS) throw new Error(`eigenvalue ${low} of ${n} did not converge`);
      // Wilkinson's shift from the leading 2x2 block.
      const half = (dAt(low + 1) - dAt(low)) / (2 * eAt(low));
      const root = Math.hypot(half, 1);
      const shift = dAt(low) - eAt(low) / (half + (half >= 0 ? root : -root));
      let bulge = dAt(high) - shift;
      let cosine = 1;
      let sine = 1;
      let carried = 0;
      let split = false;
      for (let i = high - 1; i >= low; i--) {
        const f = sine * eAt(i);
        const b = cosine * eAt(i);
        const r = Math.hypot(f, bulge);
        e[i + 1] = r;
        if (r === 0) {
          // The matrix fell apart here: take the shift back and start again with the smaller block.
          d[i + 1] = dAt(i + 1) - carried;
          e[high] = 0;
          split = true;
          break;
        }
        sine = f / r;
        cosine = bulge / r;
        const g = dAt(i + 1) - carried;
        const t = (dAt(i) - g) * sine + 2 * cosine * b;
        carried = sine * t;
        d[i + 1] = g + carried;
        bulge = cosine * t - b;
        rotateRows(basis, i * n, (i + 1) * n, n, cosine, sine);
      }
      if (split) continue;
      d[low] = dAt(low) - carried;
      e[low] = bulge;
      e[high] = 0;
    }
  }
}

function rotateRows(
  basis: Float64Array,
  first: number,
  second: number,
  n: number,
  cosine: number,
  sine: number,
): void {
  for (let j = 0; j < n; j++) {
    const a = basis[first + j] ?? 0;
    const b = basis[second + j] ?? 0;
    basis[second + j] = sine * a + cosine * b;
    basis[first + j] = cosine * a - sine * b;
  }
}
