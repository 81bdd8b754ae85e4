/**
 * @file Least squares with coefficients that may not be negative, for a handful of unknowns.
 */

/** One equation: `sum(coefficient[i] * features[i]) = value`. */
export interface Equation {
  readonly features: readonly number[];
  readonly value: number;
}

const sweeps = 20_000;

/**
 * The coefficients for which the relative errors are smallest, none below 0. By coordinate descent, which suits
 * a problem this small and cannot leave the allowed region.
 */
export function fitRelative(equations: readonly Equation[]): number[] {
  const unknowns = equations[0]?.features.length ?? 0;
  // Divided by the value, every equation asks for 1; scaled columns make the descent quick.
  const scales = Array.from({ length: unknowns }, (_, i) =>
    Math.max(...equations.map(({ features, value }) => (features[i] ?? 0) / value), Number.MIN_VALUE),
  );
  const rows = equations.map(({ features, value }) => features.map((x, i) => x / value / (scales[i] ?? 1)));
  const solution = scales.map(() => 0);
  const residual = equations.map(() => 1);
  for (let sweep = 0; sweep < sweeps; sweep++)
    for (let i = 0; i < unknowns; i++) {
      let slope = 0;
      let square = 0;
      rows.forEach((row, r) => {
        slope += (row[i] ?? 0) * (residual[r] ?? 0);
        square += (row[i] ?? 0) ** 2;
      });
      const before = solution[i] ?? 0;
      const after = square > 0 ? Math.max(0, before + slope / square) : 0;
      solution[i] = after;
      rows.forEach((row, r) => (residual[r] = (residual[r] ?? 0) - (after - before) * (row[i] ?? 0)));
    }
  return solution.map((value, i) => value / (scales[i] ?? 1));
}
