/**
 * @file The syntax of `${{ … }}`: tokens and an expression tree. A small total language without calls,
 * assignment or loops; new operators are a row in a table, new forms a case in `operand`.
 */

export type Literal = string | number | boolean;
export type Operator = '+' | '-' | '*' | '/' | '%';

/** `at` is the offset in the text that holds the expression. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: Literal; readonly at: number }
  | { readonly kind: 'reference'; readonly names: readonly string[]; readonly at: number }
  | { readonly kind: 'negate'; readonly operand: Expression; readonly at: number }
  | {
      readonly kind: 'binary';
      readonly operator: Operator;
      readonly left: Expression;
      readonly right: Expression;
      readonly at: number;
    };

/** A mistake in an expression, at an offset of the text that holds it. */
export class ExpressionError extends Error {
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message);
  }
}

const precedence: Readonly<Record<Operator, number>> = { '+': 1, '-': 1, '*': 2, '/': 2, '%': 2 };
/** Keeps recursion short, here and in the evaluation. */
const maximumTokens = 200;

type Token =
  | { readonly kind: 'literal'; readonly value: Literal; readonly at: number; readonly end: number }
  | { readonly kind: 'name'; readonly text: string; readonly at: number; readonly end: number }
  | { readonly kind: 'sign'; readonly text: string; readonly at: number; readonly end: number };

// A name may hold hyphens, as ids of stages do; subtraction therefore stands between spaces.
const namePattern = /[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*/y;
const numberPattern = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?/y;
const textPattern = /'(?:[^']|'')*'/y;
const signPattern = /\}\}|[-+*/%().]/y;
const spacePattern = /\s*/y;

/**
 * Parses the expression that begins at `start`, just behind `${{`.
 *
 * @returns the tree and the offset behind the closing `}}`
 * @throws ExpressionError
 */
export function parseExpression(text: string, start: number): { expression: Expression; end: number } {
  return new Parser(text, start).parse();
}

class Parser {
  private token: Token;
  private tokens = 0;

  constructor(
    private readonly text: string,
    private readonly start: number,
  ) {
    this.token = this.read(start);
  }

  parse(): { expression: Expression; end: number } {
    if (this.isSign('}}')) throw new ExpressionError('the expression is empty', this.token.at);
    const expression = this.binary(1);
    if (!this.isSign('}}'))
      throw new ExpressionError(`unexpected ${this.describe()}; expected "}}"`, this.token.at);
    return { expression, end: this.token.end };
  }

  private binary(minimum: number): Expression {
    let left = this.unary();
    for (
      let operator = this.operator();
      operator && precedence[operator] >= minimum;
      operator = this.operator()
    ) {
      const { at } = this.token;
      this.advance();
      left = { kind: 'binary', operator, left, right: this.binary(precedence[operator] + 1), at };
    }
    return left;
  }

  private unary(): Expression {
    const { at } = this.token;
    if (!this.isSign('-')) return this.operand();
    this.advance();
    return { kind: 'negate', operand: this.unary(), at };
  }

  private operand(): Expression {
    const { token } = this;
    if (token.kind === 'literal') {
      this.advance();
      return { kind: 'literal', value: token.value, at: token.at };
    }
    if (token.kind === 'name') return this.reference(token.text, token.at);
    if (token.text !== '(')
      throw new ExpressionError(`unexpected ${this.describe()}; expected a value`, token.at);
    this.advance();
    const inside = this.binary(1);
    if (!this.isSign(')'))
      throw new ExpressionError(`unexpected ${this.describe()}; expected ")"`, this.token.at);
    this.advance();
    return inside;
  }

  private reference(first: string, at: number): Expression {
    this.advance();
    if (first === 'true' || first === 'false') return { kind: 'literal', value: first === 'true', at };
    const names = [first];
    while (this.isSign('.')) {
      this.advance();
      if (this.token.kind !== 'name')
        throw new ExpressionError(`unexpected ${this.describe()}; expected a name after "."`, this.token.at);
      names.push(this.token.text);
      this.advance();
    }
    return { kind: 'reference', names, at };
  }

  private operator(): Operator | undefined {
    const { token } = this;
    return token.kind === 'sign' && Object.hasOwn(precedence, token.text)
      ? (token.text as Operator)
      : undefined;
  }

  private isSign(text: string): boolean {
    return this.token.kind === 'sign' && this.token.text === text;
  }

  private describe(): string {
    return `"${this.text.slice(this.token.at, this.token.end)}"`;
  }

  private advance(): void {
    this.token = this.read(this.token.end);
  }

  private read(from: number): Token {
    const at = from + (this.match(spacePattern, from)?.length ?? 0);
    if (at >= this.text.length) throw new ExpressionError('"${{" is not closed by "}}"', this.start - 3);
    if (++this.tokens > maximumTokens) throw new ExpressionError('the expression is too long', this.start);
    const name = this.match(namePattern, at);
    if (name !== undefined) return { kind: 'name', text: name, at, end: at + name.length };
    const number = this.match(numberPattern, at);
    if (number !== undefined) return { kind: 'literal', value: Number(number), at, end: at + number.length };
    const quoted = this.match(textPattern, at);
    if (quoted !== undefined) {
      return {
        kind: 'literal',
        value: quoted.slice(1, -1).replaceAll("''", "'"),
        at,
        end: at + quoted.length,
      };
    }
    const sign = this.match(signPattern, at);
    if (sign !== undefined) return { kind: 'sign', text: sign, at, end: at + sign.length };
    throw new ExpressionError(`unexpected "${String.fromCodePoint(this.text.codePointAt(at) ?? 32)}"`, at);
  }

  private match(pattern: RegExp, at: number): string | undefined {
    pattern.lastIndex = at;
    return pattern.exec(this.text)?.[0];
  }
}
