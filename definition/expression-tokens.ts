/**
 * @file The words and signs of `${{ … }}`.
 */

export type Literal = string | number | boolean;

/** A mistake in an expression, at an offset of the text that holds it. */
export class ExpressionError extends Error {
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message);
  }
}

interface Span {
  /** Offsets in the text that holds the expression. */
  readonly at: number;
  readonly end: number;
}

export type Token =
  | (Span & { readonly kind: 'literal'; readonly value: Literal })
  | (Span & { readonly kind: 'name' | 'sign'; readonly text: string });

/** Keeps recursion short, here and in the evaluation. */
const maximumTokens = 200;

// A name may hold hyphens, as ids of stages do; subtraction therefore stands between spaces.
const namePattern = /[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*/y;
const numberPattern = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?/y;
const textPattern = /'(?:[^']|'')*'/y;
const signPattern = /\}\}|&&|\|\||[=!<>]=|[-+*/%().,!<>]/y;
const spacePattern = /[ \t\r\n]*/y;

/** What people write who know other languages. */
const otherSigns: Readonly<Record<string, string>> = {
  '=': '; to compare, write "=="',
  '&': '; write "&&"',
  '|': '; write "||"',
  '"': "; texts stand in single quotes: 'text'",
  '?': '; write if(condition, value, otherwise)',
};

/** Reads the tokens of one expression, one after the other. */
export class TokenReader {
  private count = 0;

  /** @param start - offset just behind `${{` */
  constructor(
    private readonly text: string,
    private readonly start: number,
  ) {}

  /** The token that begins at an offset or after the space there; throws an ExpressionError where none does. */
  read(from: number): Token {
    const at = from + (this.match(spacePattern, from)?.length ?? 0);
    if (at >= this.text.length) throw new ExpressionError('"${{" is not closed by "}}"', this.start - 3);
    if (++this.count > maximumTokens) throw new ExpressionError('the expression is too long', this.start);
    const name = this.match(namePattern, at);
    if (name !== undefined) return { kind: 'name', text: name, at, end: at + name.length };
    const number = this.match(numberPattern, at);
    if (number !== undefined)
      return { kind: 'literal', value: finite(number, at), at, end: at + number.length };
    const quoted = this.match(textPattern, at);
    if (quoted !== undefined) {
      const value = quoted.slice(1, -1).replaceAll("''", "'");
      return { kind: 'literal', value, at, end: at + quoted.length };
    }
    const sign = this.match(signPattern, at);
    if (sign !== undefined) return { kind: 'sign', text: sign, at, end: at + sign.length };
    const character = String.fromCodePoint(this.text.codePointAt(at) ?? 32);
    throw new ExpressionError(`unexpected "${character}"${otherSigns[character] ?? ''}`, at);
  }

  private match(pattern: RegExp, at: number): string | undefined {
    pattern.lastIndex = at;
    return pattern.exec(this.text)?.[0];
  }
}

function finite(digits: string, at: number): number {
  const value = Number(digits);
  if (!Number.isFinite(value))
    throw new ExpressionError(`the number ${digits.slice(0, 20)} is too large`, at);
  return value;
}
