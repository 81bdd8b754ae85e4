/**
 * @file Replaces the expressions in a definition by their values.
 */
import { ExpressionError, evaluateText, hasExpression, type Scope, StageReference } from './expressions.js';
import { type Issues, type Path, pathKey, shown } from './issues.js';
import type { ResolvedParameters } from './parameters.js';
import { didYouMean } from './suggest.js';
import type { DefinitionDocument } from './yaml-document.js';

export interface Resolved {
  readonly value: unknown;
  /** Texts of the expressions that values came from, by `pathKey`. */
  readonly origins: ReadonlyMap<string, string>;
  /** Places, by `pathKey`, whose expression is wrong and reported. */
  readonly failed: ReadonlySet<string>;
  readonly usedParameters: ReadonlySet<string>;
}

/** Where a stage's output may stand: `stages.ID.with.FIELD`. */
const outputFields: ReadonlySet<string | number> = new Set(['trajectories', 'dataset']);

export function resolveExpressions(
  document: DefinitionDocument,
  parameters: ResolvedParameters,
  issues: Issues,
): Resolved {
  return new Resolver(document, parameters, issues).run();
}

class Resolver {
  private readonly origins = new Map<string, string>();
  private readonly failed = new Set<string>();
  private readonly usedParameters = new Set<string>();

  constructor(
    private readonly document: DefinitionDocument,
    private readonly parameters: ResolvedParameters,
    private readonly issues: Issues,
  ) {}

  run(): Resolved {
    const value = this.resolve(this.document.value, []);
    return { value, origins: this.origins, failed: this.failed, usedParameters: this.usedParameters };
  }

  private resolve(value: unknown, path: Path): unknown {
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
    const scope: Scope = { lookup: (names, at) => this.lookup(names, at, path) };
    try {
      if (path[0] === 'stages' && path.length === 3 && path[2] === 'uses')
        throw new ExpressionError('the type of a stage is a plain name', text.indexOf('${{'));
      const value = evaluateText(text, scope);
      if (!(value instanceof StageReference)) this.origins.set(pathKey(path), text.trim());
      return value;
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      this.failed.add(pathKey(path));
      const start = this.document.textOffset(path);
      // Behind a parameter that failed there is nothing new to say.
      if (error.message !== '')
        this.issues.add('expression', path, error.message, {
          offset: start === undefined ? undefined : start + error.at,
        });
      return text;
    }
  }

  private lookup(names: readonly string[], at: number, path: Path) {
    const [root, first, second] = names;
    if (root === 'params') {
      if (first === undefined || second !== undefined) throw new ExpressionError('write params.NAME', at);
      return this.parameter(first, at);
    }
    if (root === 'stages') {
      if (first === undefined || second === undefined || names.length > 3)
        throw new ExpressionError('write stages.ID.OUTPUT', at);
      if (path.length !== 4 || path[0] !== 'stages' || path[2] !== 'with' || !outputFields.has(path[3] ?? ''))
        throw new ExpressionError(
          'the output of a stage can only stand in "trajectories" of a distill or select stage and "dataset" of an evaluate stage',
          at,
        );
      return new StageReference(first, second);
    }
    const hint =
      didYouMean(root ?? '', ['params', 'stages']) || '; there are params.NAME and stages.ID.OUTPUT';
    throw new ExpressionError(`unknown name ${shown(root ?? '')}${hint}`, at);
  }

  private parameter(name: string, at: number) {
    this.usedParameters.add(name);
    if (this.parameters.failed.has(name)) throw new ExpressionError('', at);
    const { values } = this.parameters;
    if (Object.hasOwn(values, name) && values[name] !== undefined) return values[name];
    const known = Object.keys(values);
    const spaces = name.includes('-') ? '; to subtract, put spaces around "-"' : '';
    const hint =
      spaces ||
      didYouMean(name, known) ||
      (known.length > 0 ? `; declared: ${known.join(', ')}` : '; none is declared under "params"');
    throw new ExpressionError(`unknown parameter ${shown(name)}${hint}`, at);
  }
}
