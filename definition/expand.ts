/**
 * @file Expands stages with a matrix: where the definition has one stage, the rest of compiling finds one for
 * each cell, without the matrix, under the id of the cell.
 */
import { type Issues, type Path, shown } from './issues.js';
import {
  maximumAxes,
  maximumCellId,
  maximumCells,
  maximumExpandedValues,
  maximumPlannedStages,
  maximumStages,
} from './limits.js';
import { isMapping } from './mapping.js';
import {
  type Cell,
  cellId,
  cellKey,
  type Cells,
  type CellValues,
  cellWords,
  combinations,
  combine,
  matcher,
  type WrittenMatrix,
} from './matrix.js';
import { checkSchema } from './schema-issues.js';
import { matrix as matrixSchema } from './schema-matrix.js';
import { namePattern } from './schema-values.js';
import { didYouMean, listed } from './suggest.js';

export interface Expanded {
  /** The definition with its cells as stages. */
  readonly value: unknown;
  readonly cells: Cells;
  /** What is permitted but probably not meant. */
  readonly warnings: readonly string[];
}

/** Gives a value that is at a place without its expressions. */
export type Resolve = (value: unknown, path: Path) => unknown;

type Stages = readonly (readonly [id: string, stage: unknown])[];

/**
 * @param definition as it is written
 * @param resolve for the values of a matrix, which are needed before those of its stage
 * @throws DefinitionError when the cells cannot be known, as every use of one would seem wrong then
 */
export function expandMatrices(definition: object, resolve: Resolve, issues: Issues): Expanded {
  const written = 'stages' in definition ? definition.stages : undefined;
  if (!isMapping(written)) return { value: definition, cells: new Map(), warnings: [] };
  const stages: Stages = Object.entries(written);
  if (stages.length > maximumStages) {
    issues.add('out-of-range', ['stages'], `a pipeline has at most ${maximumStages} stages`, { part: 'key' });
    throw issues.error();
  }
  return new Expansion(stages, resolve, issues).run(definition);
}

class Expansion {
  private readonly matrices = new Map<string, readonly CellValues[]>();
  private readonly warnings: string[] = [];
  private readonly before: number;

  constructor(
    private readonly stages: Stages,
    private readonly resolve: Resolve,
    private readonly issues: Issues,
  ) {
    this.before = issues.count;
  }

  run(definition: object): Expanded {
    for (const [id, stage] of this.stages) {
      if (!namePattern.test(id) && id.includes('[')) this.badName(id);
      // What comes from elsewhere is one result; the schema of such stages knows no matrix.
      if (isMapping(stage) && Object.hasOwn(stage, 'matrix') && !Object.hasOwn(stage, 'from'))
        this.read(id, stage['matrix']);
    }
    this.refuseTooMany();
    if (this.issues.count > this.before) throw this.issues.error();
    const cells = new Map<string, Cell>();
    const expanded = Object.create(null) as Record<string, unknown>;
    for (const [id, stage] of this.stages) {
      const own = this.matrices.get(id);
      if (own === undefined || !isMapping(stage)) expanded[id] = stage;
      else
        for (const values of own)
          expanded[this.nameCell(id, values, cells)] = Object.assign(Object.create(null) as object, stage, {
            matrix: undefined,
          });
    }
    if (this.issues.count > this.before) throw this.issues.error();
    return { value: { ...definition, stages: expanded }, cells, warnings: this.warnings };
  }

  /** Before anything is expanded, as that would take long. */
  private refuseTooMany(): void {
    let [planned, values] = [0, 0];
    for (const [id, stage] of this.stages) {
      const cells = this.matrices.get(id)?.length ?? 1;
      planned += cells;
      values += cells * valuesIn(stage);
    }
    if (planned > maximumPlannedStages)
      this.add([], `all matrices together make ${planned} stages; there can be ${maximumPlannedStages}`);
    else if (values > maximumExpandedValues)
      this.add(
        [],
        `all cells together have ${values} settings; there can be ${maximumExpandedValues}: make the matrices smaller or their stages shorter`,
      );
  }

  private add(path: Path, message: string): void {
    this.issues.add('matrix', ['stages', ...path], message);
  }

  private badName(id: string): void {
    const message = `the id of a stage is made of a-z, 0-9 and "-"; the cells of a matrix get their ids by themselves; found ${shown(id)}`;
    this.issues.add('invalid-name', ['stages', id], message, { part: 'key' });
  }

  private read(id: string, written: unknown): void {
    const path = ['stages', id, 'matrix'];
    const value = this.resolve(written, path);
    const context = { path, origins: new Map<string, string>(), failed: new Set<string>() };
    const count = this.issues.count;
    const matrix = checkSchema(matrixSchema, value, this.issues, context);
    if (matrix === undefined || this.issues.count > count) return;
    if (typeof matrix === 'string') this.takeFrom(id, matrix);
    else {
      const { include = [], exclude = [], ...axes } = matrix;
      this.matrices.set(id, this.cellsOf(id, { axes, include, exclude }));
    }
  }

  /** `matrix: STAGE` takes the cells of a stage that is written before or after. */
  private takeFrom(id: string, other: string): void {
    const source = this.stages.find(([name]) => name === other)?.[1];
    const withMatrix = this.stages.filter(([, stage]) => isMapping(stage) && isMapping(stage['matrix']));
    const names = withMatrix.map(([name]) => name);
    const there = names.length === 0 ? 'no stage has one' : `stages with one: ${listed(names)}`;
    if (!names.includes(other)) {
      const reason =
        source === undefined
          ? `there is no stage ${shown(other)}${didYouMean(other, names) || `; ${there}`}`
          : `stage ${shown(other)} has no matrix of its own; ${there}`;
      this.add([id, 'matrix'], reason);
      return;
    }
    if (!this.matrices.has(other) && isMapping(source)) this.read(other, source['matrix']);
    const cells = this.matrices.get(other);
    if (cells !== undefined) this.matrices.set(id, cells);
  }

  private cellsOf(id: string, matrix: WrittenMatrix): readonly CellValues[] {
    const { axes, include, exclude } = matrix;
    const names = Object.keys(axes);
    const wanted = names.length > 0 ? names : Object.keys(include[0] ?? {});
    if (wanted.length > maximumAxes) this.add([id, 'matrix'], `a matrix has at most ${maximumAxes} axes`);
    for (const [axis, values] of Object.entries(axes)) this.refuseRepeated(id, axis, values);
    const product = combinations(matrix);
    const total = product + include.length;
    if (total === 0) this.add([id, 'matrix'], 'the matrix has no axis, such as "ipc: [1, 10]"');
    if (total > maximumCells)
      this.add([id, 'matrix'], `the matrix has ${total} cells; there can be ${maximumCells}`);
    if (this.issues.count > this.before) return [];
    const excluded = exclude.map((values, index) => this.checkExcluded(id, values, index, names));
    const isExcluded = matcher(excluded);
    const cells = combine(axes).filter((cell) => !isExcluded(cell));
    exclude.forEach((values, index) => this.warnOfNothing(id, index, values, axes));
    const known = new Set(cells.map((cell) => cellKey(cell)));
    for (const [index, values] of include.entries()) {
      const cell = this.checkIncluded(id, values, index, wanted);
      if (cell === undefined) continue;
      if (known.has(cellKey(cell)))
        this.add([id, 'matrix', 'include', index], `there already is a cell ${cellWords(cell)}`);
      known.add(cellKey(cell));
      cells.push(cell);
    }
    if (cells.length === 0) this.add([id, 'matrix', 'exclude'], 'every cell is excluded');
    return cells;
  }

  private refuseRepeated(id: string, axis: string, values: readonly unknown[]): void {
    const index = values.findIndex((value, at) => values.indexOf(value) < at);
    if (index < 0) return;
    this.issues.add(
      'matrix',
      ['stages', id, 'matrix', axis, index],
      `${shown(String(values[index]))} is listed twice`,
    );
  }

  private checkExcluded(id: string, values: CellValues, index: number, axes: readonly string[]): CellValues {
    for (const axis of Object.keys(values)) {
      if (axes.includes(axis)) continue;
      const hint = didYouMean(axis, axes) || `; axes: ${axes.join(', ') || 'none'}`;
      this.issues.add(
        'matrix',
        ['stages', id, 'matrix', 'exclude', index, axis],
        `there is no axis ${shown(axis)}${hint}`,
        { part: 'key' },
      );
    }
    return values;
  }

  private warnOfNothing(id: string, index: number, values: CellValues, axes: WrittenMatrix['axes']): void {
    const possible = Object.entries(values).every(([axis, value]) => axes[axis]?.includes(value));
    if (!possible)
      this.warnings.push(
        this.issues.describe(
          ['stages', id, 'matrix', 'exclude', index],
          `no cell has ${cellWords(values)}; nothing is excluded by it`,
        ),
      );
  }

  /** The values in the order of the axes. */
  private checkIncluded(
    id: string,
    values: CellValues,
    index: number,
    axes: readonly string[],
  ): CellValues | undefined {
    const missing = axes.filter((axis) => values[axis] === undefined);
    const unknown = Object.keys(values).filter((axis) => !axes.includes(axis));
    if (missing.length === 0 && unknown.length === 0)
      return Object.fromEntries(axes.map((axis) => [axis, values[axis] ?? '']));
    const words = [
      ...(missing.length > 0 ? [`it lacks ${missing.join(', ')}`] : []),
      ...(unknown.length > 0 ? [`there is no axis ${unknown.map(shown).join(', ')}`] : []),
    ];
    this.issues.add(
      'matrix',
      ['stages', id, 'matrix', 'include', index],
      `an included cell gives one value to every axis (${axes.join(', ')}); ${words.join(' and ')}`,
    );
    return undefined;
  }

  private nameCell(of: string, values: CellValues, cells: Map<string, Cell>): string {
    const name = cellId(of, values);
    if (name.length > maximumCellId)
      this.add(
        [of, 'matrix'],
        `the id of a cell can have ${maximumCellId} characters, that of ${cellWords(values)} has ${name.length}; shorten names of axes or their values`,
      );
    const other = cells.get(name);
    if (other !== undefined)
      this.add(
        [of, 'matrix'],
        `two cells would have the id ${shown(name)}: ${cellWords(other.values)} and ${cellWords(values)}; change one of the values`,
      );
    cells.set(name, { of, values });
    return name;
  }
}

/** But for the matrix, which its cells do not repeat. */
function valuesIn(stage: unknown): number {
  if (!isMapping(stage)) return 1;
  const count = (value: unknown): number =>
    typeof value === 'object' && value !== null
      ? (Object.values(value) as unknown[]).reduce<number>((sum, inner) => sum + count(inner), 1)
      : 1;
  return count({ ...stage, matrix: undefined });
}
