/**
 * @file What the names in the expressions of a definition stand for, at the place where they are written:
 * `params.NAME`, `matrix.NAME`, `stages.ID.OUTPUT`.
 */
import {
  ExpressionError,
  Later,
  type Literal,
  type Scope,
  StageReference,
  type Value,
} from './expressions.js';
import { type Path, shown } from './issues.js';
import { stageOutputs } from './outputs.js';
import type { ResolvedParameters } from './parameters.js';
import { didYouMean } from './suggest.js';

/** Where a stage's artifact may stand: `stages.ID.with.FIELD`. */
const artifactFields: ReadonlySet<string | number> = new Set(['trajectories', 'init', 'dataset']);
/** Where a stage's numbers may stand: `stages.ID.FIELD`. What is written there is evaluated as the pipeline runs. */
const laterFields: ReadonlySet<string | number> = new Set(['when']);

/** The names that a definition gives values to. */
export interface DefinitionNames {
  readonly parameters: ResolvedParameters;
  /** `stages` as written, expressions and mistakes included. */
  readonly stages: unknown;
  /**
   * The cell of the matrix for which a stage is resolved; a name without a value in this cell is undefined.
   * Absent outside of stages with a matrix.
   */
  readonly matrix?: Readonly<Record<string, Literal | undefined>>;
}

/** Whether the value at a place is a condition that may be decided when the pipeline runs. */
export function isDecidedLater(path: Path): boolean {
  return path.length === 3 && path[0] === 'stages' && laterFields.has(path[2] ?? '');
}

export class DefinitionScope implements Scope {
  constructor(
    private readonly names: DefinitionNames,
    private readonly path: Path,
    /** Told of each parameter that is looked up. */
    private readonly onParameter: (name: string) => void,
  ) {}

  lookup(names: readonly string[], at: number): Value | Later | undefined {
    const [root, first, second] = names;
    switch (root) {
      case 'params':
        if (first === undefined || second !== undefined) throw new ExpressionError('write params.NAME', at);
        return this.parameter(first, at);
      case 'matrix':
        if (first === undefined || second !== undefined) throw new ExpressionError('write matrix.NAME', at);
        return this.cell(first, at);
      case 'stages':
        if (first === undefined || second === undefined || names.length > 3)
          throw new ExpressionError('write stages.ID.OUTPUT', at);
        return this.output(first, second, at);
      default: {
        const hint =
          didYouMean(root ?? '', ['params', 'matrix', 'stages']) ||
          '; there are params.NAME, matrix.NAME and stages.ID.OUTPUT';
        throw new ExpressionError(`unknown name ${shown(root ?? '')}${hint}`, at);
      }
    }
  }

  private parameter(name: string, at: number): Literal {
    this.onParameter(name);
    const { values, failed } = this.names.parameters;
    if (failed.has(name)) throw new ExpressionError('', at);
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value !== undefined) return value;
    throw unknown('parameter', name, Object.keys(values), 'none is declared under "params"', at);
  }

  private cell(name: string, at: number): Literal | undefined {
    const { matrix } = this.names;
    if (matrix === undefined)
      throw new ExpressionError('there is no matrix here; a stage with a "matrix" has one', at);
    if (Object.hasOwn(matrix, name)) return matrix[name];
    throw unknown('matrix value', name, Object.keys(matrix), 'the matrix is empty', at);
  }

  private output(stage: string, output: string, at: number): Value | Later {
    const { path } = this;
    if (isDecidedLater(path)) return this.number(stage, output, at);
    if (path.length !== 4 || path[0] !== 'stages' || path[2] !== 'with' || !artifactFields.has(path[3] ?? ''))
      throw new ExpressionError(
        'the output of a stage can only stand in "trajectories" of a distill or select stage, "init" of a distill stage and "dataset" of an evaluate stage',
        at,
      );
    return new StageReference(stage, output);
  }

  /** A number among the outputs of a stage, for a condition. */
  private number(id: string, output: string, at: number): Later {
    const stages = Object.fromEntries(entries(this.names.stages));
    if (id === this.path[1])
      throw new ExpressionError(`a condition cannot look at its own stage, ${shown(id)}`, at);
    if (!Object.hasOwn(stages, id)) {
      const others = Object.keys(stages).filter((other) => other !== this.path[1]);
      throw unknown('stage', id, others, 'there is no other', at);
    }
    const uses = Object.fromEntries(entries(stages[id])).uses;
    const outputs = typeof uses === 'string' && Object.hasOwn(stageOutputs, uses) ? uses : undefined;
    // A wrong type of stage is reported where it is written.
    if (outputs === undefined) return new Later(['number', 'string', 'boolean']);
    const known = Object.entries(stageOutputs[outputs as keyof typeof stageOutputs]);
    const kind = known.find(([name]) => name === output)?.[1];
    if (kind === 'number') return new Later(['number']);
    const numbers = known.flatMap(([name, its]) => (its === 'number' ? [name] : []));
    if (kind === 'artifact')
      throw new ExpressionError(
        `${shown(output)} of stage ${shown(id)} is no number${numbers.length > 0 ? `; there are: ${numbers.join(', ')}` : ''}`,
        at,
      );
    throw unknown(`output of stage ${shown(id)}`, output, numbers, 'it has no number', at);
  }
}

function unknown(
  what: string,
  name: string,
  known: readonly string[],
  none: string,
  at: number,
): ExpressionError {
  const spaces = name.includes('-') && what !== 'stage' ? '; to subtract, put spaces around "-"' : '';
  const list = known.length > 0 ? `; there are: ${known.join(', ')}` : `; ${none}`;
  return new ExpressionError(
    `unknown ${what} ${shown(name)}${spaces || didYouMean(name, known) || list}`,
    at,
  );
}

function entries(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}
