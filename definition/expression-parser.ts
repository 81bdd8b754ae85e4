/**
 * @file The syntax of `${{ … }}`: from tokens to an expression tree. A small total language without
 * assignment or loops; what its operators and functions mean is in a table of their own.
 */
import { ExpressionError, type Literal, type Token, TokenReader } from './expression-tokens.js';

export type Operator =
  '||' | '&&' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '%' | '!' | 'negate';

/** `at` is the offset in the text that holds the expression. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: Literal; readonly at: number }
  | { readonly kind: 'reference'; readonly names: readonly string[]; readonly at: number }
  | {
      readonly kind: 'operation';
      readonly operator: Operator;
      readonly operands: readonly Expression[];
      readonly at: number;
    }
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly operands: readonly Expression[];
      readonly at: number;
    };

/** Of the operators that stand between two values; the larger binds closer. */
export const precedence: Readonly<Record<Exclude<Operator, '!' | 'negate'>, number>> = {
  '||': 1,
  '&&': 2,
  '==': 3,
  '!=': 3,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '%': 6,
};

/** What people write who know other languages. */
const otherWords: Readonly<Record<string, string>> = {
  and: '; write "&&"',
  or: '; write "||"',
  not: '; write "!"',
};

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
  private readonly tokens: TokenReader;
  private token: Token;

  constructor(
    private readonly text: string,
    start: number,
  ) {
    this.tokens = new TokenReader(text, start);
    this.token = this.tokens.read(start);
  }

  parse(): { expression: Expression; end: number } {
    if (this.isSign('}}')) throw new ExpressionError('the expression is empty', this.token.at);
    const expression = this.binary(1);
    if (!this.isSign('}}')) throw this.unexpected('"}}"');
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
      left = { kind: 'operation', operator, operands: [left, this.binary(precedence[operator] + 1)], at };
    }
    return left;
  }

  private unary(): Expression {
    const { at } = this.token;
    const operator = this.isSign('-') ? 'negate' : this.isSign('!') ? '!' : undefined;
    if (operator === undefined) return this.operand();
    this.advance();
    return { kind: 'operation', operator, operands: [this.unary()], at };
  }

  private operand(): Expression {
    const { token } = this;
    if (token.kind === 'literal') {
      this.advance();
      return { kind: 'literal', value: token.value, at: token.at };
    }
    if (token.kind === 'name') return this.named(token.text, token.at);
    if (token.text !== '(') throw this.unexpected('a value');
    this.advance();
    const inside = this.binary(1);
    if (!this.isSign(')')) throw this.unexpected('")"');
    this.advance();
    return inside;
  }

  /** `true`, `false`, a reference, or the call of a function. */
  private named(first: string, at: number): Expression {
    this.advance();
    if (first === 'true' || first === 'false') return { kind: 'literal', value: first === 'true', at };
    if (this.isSign('(')) return { kind: 'call', name: first, operands: this.arguments(), at };
    const names = [first];
    while (this.isSign('.')) {
      this.advance();
      if (this.token.kind !== 'name') throw this.unexpected('a name after "."');
      names.push(this.token.text);
      this.advance();
    }
    return { kind: 'reference', names, at };
  }

  private arguments(): Expression[] {
    const list: Expression[] = [];
    this.advance();
    if (!this.isSign(')')) list.push(this.binary(1));
    while (this.isSign(',')) {
      this.advance();
      list.push(this.binary(1));
    }
    if (!this.isSign(')')) throw this.unexpected('"," or ")"');
    this.advance();
    return list;
  }

  private operator(): keyof typeof precedence | undefined {
    const { token } = this;
    return token.kind === 'sign' && Object.hasOwn(precedence, token.text)
      ? (token.text as keyof typeof precedence)
      : undefined;
  }

  private isSign(text: string): boolean {
    return this.token.kind === 'sign' && this.token.text === text;
  }

  private unexpected(expected: string): ExpressionError {
    const { at, end, kind } = this.token;
    const found = this.text.slice(at, end);
    const hint = kind === 'name' && Object.hasOwn(otherWords, found) ? (otherWords[found] ?? '') : '';
    return new ExpressionError(`unexpected "${found}"; expected ${expected}${hint}`, at);
  }

  private advance(): void {
    this.token = this.tokens.read(this.token.end);
  }
}
