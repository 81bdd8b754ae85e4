/**
 * @file The cells of a matrix: one stage for each combination of values. Everything after compiling sees plain
 * stages; what cell each is, it carries along.
 */

/** What an axis is made of. */
export type Scalar = string | number | boolean;

/** Value by axis, in the order in which the axes are written. */
export type CellValues = Readonly<Record<string, Scalar>>;

export interface Cell {
  /** Id of the stage in the definition. */
  readonly of: string;
  readonly values: CellValues;
}

/** Cells by the id of their planned stage; stages without a matrix are not among them. */
export type Cells = ReadonlyMap<string, Cell>;

/** A matrix as it is written, once expressions are resolved. */
export interface WrittenMatrix {
  readonly axes: Readonly<Record<string, readonly Scalar[]>>;
  readonly include: readonly CellValues[];
  readonly exclude: readonly CellValues[];
}

/** How many combinations the axes have. */
export function combinations({ axes }: Pick<WrittenMatrix, 'axes'>): number {
  const lists = Object.values(axes);
  return lists.length === 0 ? 0 : lists.reduce((product, values) => product * values.length, 1);
}

/** Every combination, the last axis running fastest. */
export function combine(axes: WrittenMatrix['axes']): CellValues[] {
  const entries = Object.entries(axes);
  if (entries.length === 0) return [];
  return entries.reduce<CellValues[]>(
    (cells, [axis, values]) => cells.flatMap((cell) => values.map((value) => ({ ...cell, [axis]: value }))),
    [{}],
  );
}

/** Tells whether a cell has all values of any of these, in one look for each set of axes that they name. */
export function matcher(wanted: readonly CellValues[]): (cell: CellValues) => boolean {
  const keysByAxes = new Map<string, { axes: readonly string[]; keys: Set<string> }>();
  for (const values of wanted) {
    const axes = Object.keys(values).sort();
    const name = JSON.stringify(axes);
    const known = keysByAxes.get(name);
    if (known === undefined) keysByAxes.set(name, { axes, keys: new Set([cellKey(values, axes)]) });
    else known.keys.add(cellKey(values, axes));
  }
  return (cell) => [...keysByAxes.values()].some(({ axes, keys }) => keys.has(cellKey(cell, axes)));
}

/**
 * For example `distill[ipc=1,N=10]`: the id of a planned stage, and so part of a workflow's id. Of a text, what
 * is not a letter, a digit or one of `. _ + -` is written as `-`.
 */
export function cellId(stage: string, values: CellValues): string {
  const parts = Object.entries(values).map(
    ([axis, value]) => `${axis}=${String(value).replace(/[^A-Za-z0-9._+-]/g, '-')}`,
  );
  return `${stage}[${parts.join(',')}]`;
}

/** For people: `ipc 1, N 10`. */
export function cellWords(values: CellValues): string {
  return Object.entries(values)
    .map(([axis, value]) => `${axis} ${String(value)}`)
    .join(', ');
}

/** A value as a key that tells the number 1 from the text "1". */
export function cellKey(values: CellValues, axes: readonly string[] = Object.keys(values)): string {
  return JSON.stringify(axes.map((axis) => [axis, values[axis]]));
}
