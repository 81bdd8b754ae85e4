/**
 * @file Replaces the expressions in a definition by their values.
 */
import type { StageTypes } from './custom-stages.js';
import { DefinitionScope, type DefinitionNames, isDecidedLater } from './definition-scope.js';
import {
  ExpressionError,
  evaluateText,
  hasExpression,
  OpenExpression,
  StageReference,
} from './expressions.js';
import { type Issues, type Path, pathKey } from './issues.js';
import type { Cells } from './matrix.js';
import type { ResolvedParameters } from './parameters.js';
import type { DefinitionDocument } from './yaml-document.js';

export interface Resolved {
  /** Texts of the expressions that values came from, by `pathKey`. */
  readonly origins: ReadonlyMap<string, string>;
  /** Places, by `pathKey`, whose expression is wrong and reported. */
  readonly failed: ReadonlySet<string>;
  readonly usedParameters: ReadonlySet<string>;
}

export class Resolver {
  private readonly origins = new Map<string, string>();
  private readonly failed = new Set<string>();
  private readonly usedParameters = new Set<string>();
  private readonly names: DefinitionNames;
  private cells: Cells = new Map();

  constructor(
    private readonly document: DefinitionDocument,
    parameters: ResolvedParameters,
    private readonly issues: Issues,
    types: StageTypes,
  ) {
    const { value } = document;
    const stages =
      typeof value === 'object' && value !== null && 'stages' in value ? value.stages : undefined;
    this.names = { parameters, stages, types };
  }

  /** From now on places may lie in cells, in whose expressions `matrix.AXIS` has a value. */
  expandInto(cells: Cells): void {
    this.cells = cells;
  }

  /** What has been learned of all values that were resolved. */
  get resolved(): Resolved {
    const { origins, failed, usedParameters } = this;
    return { origins, failed, usedParameters };
  }

  /** The value at a place without its expressions. */
  resolve(value: unknown, path: Path): unknown {
    // Declarations of parameters have been read before; they hold plain values.
    if (path.length === 1 && path[0] === 'params') return value;
    if (typeof value === 'string') return hasExpression(value) ? this.text(value, path) : value;
    if (Array.isArray(value))
      return value.map((item: unknown, index) => this.resolve(item, [...path, index]));
    if (value === null || typeof value !== 'object') return value;
    const copy = Object.create(null) as Record<string, unknown>;
    for (const [key, item] of Object.entries(value) as [string, unknown][])
      copy[key] = this.resolve(item, [...path, key]);
    return copy;
  }

  private text(text: string, path: Path): unknown {
    if (this.issues.isTakenForWrong(path)) {
      this.failed.add(pathKey(path));
      return text;
    }
    const cell = path[0] === 'stages' ? this.cells.get(String(path[1])) : undefined;
    const names = cell === undefined ? this.names : { ...this.names, matrix: cell.values };
    const written = this.issues.writtenPath(path);
    const scope = new DefinitionScope(names, written, (name) => this.usedParameters.add(name));
    try {
      if (path[0] === 'stages' && path.length === 3 && path[2] === 'uses')
        throw new ExpressionError('the type of a stage is a plain name', text.indexOf('${{'));
      const value = evaluateText(text, scope);
      if (isDecidedLater(path)) checkCondition(value, text);
      if (!(value instanceof StageReference)) this.origins.set(pathKey(path), text.trim());
      return value;
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      this.failed.add(pathKey(path));
      const start = this.document.textOffset(written);
      // Behind a parameter that failed there is nothing new to say.
      if (error.message !== '')
        this.issues.add('expression', path, error.message, {
          offset: start === undefined ? undefined : start + error.at,
        });
      return text;
    }
  }
}

function checkCondition(value: unknown, text: string): void {
  if (value instanceof OpenExpression && !value.kinds.includes('boolean'))
    throw new ExpressionError(
      'a condition is true or false; compare with "<" or ">"',
      text.indexOf('${{') + 3,
    );
}
