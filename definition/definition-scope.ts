/**
 * @file What the names in the expressions of a definition stand for, at the place where they are written:
 * `params.NAME`, `matrix.NAME`, `stages.ID.OUTPUT`.
 */
import { isCustomUses, type StageTypes } from './custom-stages.js';
import {
  ExpressionError,
  Later,
  type Literal,
  type Scope,
  StageReference,
  type Value,
} from './expressions.js';
import { type Path, shown } from './issues.js';
import { artifactsOf, isArtifact, outputKind, type Outputs, outputsOf } from './outputs.js';
import type { ResolvedParameters } from './parameters.js';
import { didYouMean, listed } from './suggest.js';

/** Where a stage's artifact may stand in those that come with distillery: `stages.ID.with.FIELD`. */
const artifactFields: ReadonlySet<string | number> = new Set(['trajectories', 'init', 'dataset']);
/** Where a stage's numbers may stand: `stages.ID.FIELD`. What is written there is evaluated as the pipeline runs. */
const laterFields: ReadonlySet<string | number> = new Set(['when']);

/** The names that a definition gives values to. */
export interface DefinitionNames {
  readonly parameters: ResolvedParameters;
  /** `stages` as written, expressions and mistakes included. */
  readonly stages: unknown;
  /** Types of stages, beside those that come with distillery. */
  readonly types: StageTypes;
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

/** Whether a place is one of the settings of a stage, and in no list of them. */
function isSetting([root, , part, ...place]: Path): boolean {
  return root === 'stages' && part === 'with' && place.every((name) => typeof name === 'string');
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
    if (isDecidedLater(this.path)) return this.plainValue(stage, output, at);
    if (this.takesOutputs())
      return new StageReference(stage, output, outputKind(this.outputsOf(stage), output));
    if (isSetting(this.path) && !isCustomUses(this.usesOf(this.path[1])))
      return this.plainValue(stage, output, at);
    throw new ExpressionError(
      'the output of a stage can only stand in "when" and in the settings ("with") of another, outside of lists',
      at,
    );
  }

  /** Whether an output of another stage may stand here. What it must be is for the schema to say. */
  private takesOutputs(): boolean {
    const [root, id, part, field, index, ...deeper] = this.path;
    if (root !== 'stages' || part !== 'with' || field === undefined || deeper.length > 0) return false;
    if (isCustomUses(this.usesOf(id))) return index === undefined || typeof index === 'number';
    return index === undefined && artifactFields.has(field);
  }

  /** As it is written: the type of a stage is no expression. */
  private usesOf(id: string | number | undefined): unknown {
    const stage = entries(this.names.stages).find(([key]) => key === id)?.[1];
    return entries(stage).find(([key]) => key === 'uses')?.[1];
  }

  private outputsOf(id: string): Outputs | undefined {
    return outputsOf(this.usesOf(id), this.names.types);
  }

  /** A plain value among the outputs of a stage, for a condition or a setting. */
  private plainValue(id: string, output: string, at: number): Later {
    const stages = Object.fromEntries(entries(this.names.stages));
    if (id === this.path[1])
      throw new ExpressionError(`a stage cannot look at its own outcome, here that of ${shown(id)}`, at);
    if (!Object.hasOwn(stages, id)) {
      const others = Object.keys(stages).filter((other) => other !== this.path[1]);
      throw unknown('stage', id, others, 'there is no other', at);
    }
    const outputs = this.outputsOf(id);
    // A wrong type of stage is reported where it is written.
    if (outputs === undefined) return new Later(['number', 'string', 'boolean']);
    const kind = outputKind(outputs, output);
    if (kind !== undefined && !isArtifact(kind)) return new Later([kind === 'text' ? 'string' : kind]);
    const artifacts = new Set(artifactsOf(outputs));
    const values = Object.keys(outputs).filter((name) => !artifacts.has(name));
    if (kind !== undefined)
      throw new ExpressionError(
        `${shown(output)} of stage ${shown(id)} is no number${values.length > 0 ? `; there are: ${values.join(', ')}` : ''}`,
        at,
      );
    throw unknown(`output of stage ${shown(id)}`, output, values, 'it has no number', at);
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
  const list = known.length > 0 ? `; there are: ${listed(known)}` : `; ${none}`;
  return new ExpressionError(
    `unknown ${what} ${shown(name)}${spaces || didYouMean(name, known) || list}`,
    at,
  );
}

function entries(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}
