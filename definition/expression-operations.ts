/**
 * @file What the operators and functions of expressions take and give. Each is pure, has a result for all
 * operands of its kinds or an error that says why not, and gives the same on every machine.
 */
import type { Operator } from './expression-parser.js';
import type { Literal } from './expression-tokens.js';

/** `output` is an artifact of a stage, such as its trajectories. */
export type Kind = 'number' | 'string' | 'boolean' | 'output';

/** Why an operation has no result; the place is known to who applies it. */
export class NoResult extends Error {}

export interface Operation {
  /** Between its name and a wrong operand in a message: `"+" calculates with numbers, not with "x"`. */
  readonly expects: string;
  /** Kinds that each operand may have; what is beyond the list is like its last. */
  readonly takes: readonly (readonly Kind[])[];
  readonly fewest: number;
  readonly most: number;
  /** Kind of the result; `operand` is the kind of the operands that may become it. */
  readonly gives: Kind | 'operand';
  /** How it is written, for messages. */
  readonly usage: string;
  /** Absent where not all operands are looked at: `&&`, `||`, `if`, `default`. */
  readonly apply?: (operands: readonly Literal[]) => Literal;
}

const numbers: readonly Kind[] = ['number'];
const texts: readonly Kind[] = ['string'];
const truths: readonly Kind[] = ['boolean'];
const plain: readonly Kind[] = ['number', 'string', 'boolean'];
const anything: readonly Kind[] = [...plain, 'output'];
const many = 100;
/** Of a text that an expression makes. */
export const longestText = 10_000;
/** Products that a power may take. */
const largestExponent = 1024;

function arithmetic(symbol: string, apply: (left: number, right: number) => number): Operation {
  return {
    expects: 'calculates with numbers, not with',
    takes: [numbers],
    fewest: 2,
    most: 2,
    gives: 'number',
    usage: `a ${symbol} b`,
    apply: ([left, right]) => apply(left as number, right as number),
  };
}

function comparison(symbol: string, apply: (left: number, right: number) => boolean): Operation {
  return {
    ...arithmetic(symbol, Number),
    expects: 'compares numbers, not',
    gives: 'boolean',
    apply: ([left, right]) => apply(left as number, right as number),
  };
}

function equality(symbol: string, equal: boolean): Operation {
  return {
    expects: 'compares numbers, texts and truths, not',
    takes: [plain],
    fewest: 2,
    most: 2,
    gives: 'boolean',
    usage: `a ${symbol} b`,
    apply: ([left, right]) => (left === right) === equal,
  };
}

function junction(symbol: string): Operation {
  return {
    expects: 'joins true and false, not',
    takes: [truths],
    fewest: 2,
    most: 2,
    gives: 'boolean',
    usage: `a ${symbol} b`,
  };
}

export const operators: Readonly<Record<Operator, Operation>> = {
  '||': junction('||'),
  '&&': junction('&&'),
  '==': equality('==', true),
  '!=': equality('!=', false),
  '<': comparison('<', (left, right) => left < right),
  '<=': comparison('<=', (left, right) => left <= right),
  '>': comparison('>', (left, right) => left > right),
  '>=': comparison('>=', (left, right) => left >= right),
  '+': arithmetic('+', (left, right) => left + right),
  '-': arithmetic('-', (left, right) => left - right),
  '*': arithmetic('*', (left, right) => left * right),
  '/': arithmetic('/', (left, right) => left / right),
  '%': arithmetic('%', (left, right) => left % right),
  '!': {
    expects: 'turns true and false around, not',
    takes: [truths],
    fewest: 1,
    most: 1,
    gives: 'boolean',
    usage: '!a',
    apply: ([value]) => value !== true,
  },
  negate: {
    expects: 'calculates with numbers, not with',
    takes: [numbers],
    fewest: 1,
    most: 1,
    gives: 'number',
    usage: '-a',
    apply: ([value]) => -(value as number),
  },
};

/** A function of numbers. */
function ofNumbers(usage: string, most: number, apply: (numbers: readonly number[]) => number): Operation {
  return {
    expects: 'takes numbers, not',
    takes: [numbers],
    fewest: most === many ? 1 : most,
    most,
    gives: 'number',
    usage,
    apply: (operands) => apply(operands as number[]),
  };
}

function ofTexts(usage: string, apply: (text: string, part: string) => boolean): Operation {
  return {
    expects: 'takes texts, not',
    takes: [texts],
    fewest: 2,
    most: 2,
    gives: 'boolean',
    usage,
    apply: ([text, part]) => apply(text as string, part as string),
  };
}

export const functions: Readonly<Record<string, Operation>> = {
  min: ofNumbers('min(a, b, …)', many, (values) => Math.min(...values)),
  max: ofNumbers('max(a, b, …)', many, (values) => Math.max(...values)),
  floor: ofNumbers('floor(a)', 1, ([value]) => Math.floor(value ?? 0)),
  ceil: ofNumbers('ceil(a)', 1, ([value]) => Math.ceil(value ?? 0)),
  round: ofNumbers('round(a)', 1, ([value]) => Math.round(value ?? 0)),
  abs: ofNumbers('abs(a)', 1, ([value]) => Math.abs(value ?? 0)),
  sqrt: ofNumbers('sqrt(a)', 1, ([value]) => Math.sqrt(value ?? 0)),
  pow: ofNumbers('pow(base, exponent)', 2, ([base, exponent]) => power(base ?? 0, exponent ?? 0)),
  join: {
    expects: 'takes a text and what is to stand on both sides of it, not',
    takes: [texts, plain],
    fewest: 2,
    most: many,
    gives: 'string',
    usage: "join('-', a, b, …)",
    apply: ([separator, ...parts]) => parts.map(String).join(separator as string),
  },
  contains: ofTexts('contains(text, part)', (text, part) => text.includes(part)),
  startsWith: ofTexts('startsWith(text, part)', (text, part) => text.startsWith(part)),
  endsWith: ofTexts('endsWith(text, part)', (text, part) => text.endsWith(part)),
  string: {
    expects: 'takes a number, a text or a truth, not',
    takes: [plain],
    fewest: 1,
    most: 1,
    gives: 'string',
    usage: 'string(a)',
    apply: ([value]) => String(value),
  },
  number: {
    expects: 'takes a number or a text, not',
    takes: [['number', 'string']],
    fewest: 1,
    most: 1,
    gives: 'number',
    usage: 'number(text)',
    apply: ([value]) => numberFrom(value as number | string),
  },
  if: {
    expects: 'asks for true or false first, not',
    takes: [truths, anything],
    fewest: 3,
    most: 3,
    gives: 'operand',
    usage: 'if(condition, value, otherwise)',
  },
  default: {
    expects: 'takes values, not',
    takes: [anything],
    fewest: 2,
    most: many,
    gives: 'operand',
    usage: 'default(value, otherwise)',
  },
};

/** Whole exponents only: by multiplication, because engines differ in the last digit of other powers. */
function power(base: number, exponent: number): number {
  if (!Number.isInteger(exponent) || Math.abs(exponent) > largestExponent)
    throw new NoResult(
      `the exponent of pow is a whole number of at most ${largestExponent}, not ${exponent}`,
    );
  let result = 1;
  for (let step = 0; step < Math.abs(exponent); step++) result *= base;
  return exponent < 0 ? 1 / result : result;
}

export const decimalPattern = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/;

function numberFrom(value: number | string): number {
  if (typeof value === 'number') return value;
  if (decimalPattern.test(value.trim())) return Number(value);
  throw new NoResult(`${JSON.stringify(value.slice(0, 40))} is not a number`);
}
