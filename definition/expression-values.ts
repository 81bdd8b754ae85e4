/**
 * @file What names in expressions stand for.
 */
import type { Kind } from './expression-operations.js';
import type { Literal } from './expression-tokens.js';
import type { OutputKind } from './outputs.js';
import type { OutputRef } from './plan.js';

const brand = Symbol.for('distillery.StageReference');

/** An output of a stage, `${{ stages.ID.OUTPUT }}`, until the graph is checked. */
export class StageReference implements OutputRef {
  constructor(
    readonly stage: string,
    readonly output: string,
    /** Undefined where there is no such output, which the graph reports. */
    readonly kind?: OutputKind,
  ) {}

  get [brand](): true {
    return true;
  }

  /** By its brand: a module of the user's may see another copy of this class than the command that loads it. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value;
  }
}

export type Value = Literal | StageReference;

/** A value that is only there when the pipeline runs. */
export class Later {
  constructor(
    /** Kinds that it may have; never `output`. */
    readonly kinds: readonly Kind[],
  ) {}
}

/** Gives names their values. */
export interface Scope {
  /**
   * @returns undefined for a name that is known but has no value, which `default` makes up for
   * @throws ExpressionError for names it does not know
   */
  lookup(names: readonly string[], at: number): Value | Later | undefined;
}

export function kindOf(value: Value): Kind {
  if (value instanceof StageReference) return 'output';
  return typeof value === 'string' ? 'string' : typeof value === 'number' ? 'number' : 'boolean';
}

const kindWords: Readonly<Record<Kind, string>> = {
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  output: "a stage's output",
};

export function inWords(kinds: Iterable<Kind>): string {
  return [...new Set(kinds)].map((kind) => kindWords[kind]).join(' or ');
}

/** A value as messages show it. */
export function shownValue(value: Value | Later): string {
  if (value instanceof Later) return inWords(value.kinds);
  if (value instanceof StageReference) return kindWords.output;
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 37)}...` : value);
}
