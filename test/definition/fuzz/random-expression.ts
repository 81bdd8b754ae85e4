/**
 * @file Expressions by chance: mostly well formed, of any kind, some deep, some with a word too many.
 */
import type { Stream } from '../../../random/stream.js';

const names = [
  'params.ipc',
  'params.rate',
  'params.start',
  'params.quick',
  'params.nope',
  'params',
  'params.a.b',
  'params.__proto__',
  'params.constructor',
  'matrix.ipc',
  'matrix.nope',
  'stages.experts.trajectories',
  'stages.experts.accuracy',
  'stages.distill.result',
  'stages.evaluate.accuracy',
  'stages.evaluate.std',
  'stages.nope.x',
  'stages.experts',
  'env.HOME',
  'constructor',
  '__proto__.x',
];
const functionNames = [
  'min',
  'max',
  'floor',
  'ceil',
  'round',
  'abs',
  'sqrt',
  'pow',
  'join',
  'contains',
  'startsWith',
  'endsWith',
  'string',
  'number',
  'if',
  'default',
  'eval',
  'constructor',
  'hasOwnProperty',
  'minn',
];
const operators = ['||', '&&', '==', '!=', '<', '<=', '>', '>=', '+', '-', '*', '/', '%'];
const literals = [
  '0',
  '1',
  '2.5',
  '1e3',
  '1e308',
  '-7',
  '1024',
  "''",
  "'real'",
  "'it''s'",
  "'12'",
  'true',
  'false',
  "'}}'",
  "'${{'",
];

function pick<Item>(items: readonly Item[], random: Stream): Item | undefined {
  return items[random.integer(items.length)];
}

function expression(depth: number, random: Stream): string {
  const form = depth <= 0 ? random.integer(2) : random.integer(7);
  const inner = () => expression(depth - 1 - random.integer(2), random);
  switch (form) {
    case 0:
      return pick(literals, random) ?? '';
    case 1:
      return pick(names, random) ?? '';
    case 2:
      return `${random.integer(2) === 0 ? '!' : '-'}${inner()}`;
    case 3:
      return `(${inner()})`;
    case 4: {
      const list = Array.from({ length: random.integer(4) }, inner);
      return `${pick(functionNames, random) ?? ''}(${list.join(', ')})`;
    }
    default:
      return `${inner()} ${pick(operators, random) ?? ''} ${inner()}`;
  }
}

/** With its `${{` and `}}`, most of the time. */
export function randomExpression(random: Stream): string {
  const body = expression(random.integer(6), random);
  switch (random.integer(12)) {
    case 0:
      return `\${{ ${body}`;
    case 1:
      return `\${{ ${body} }} and \${{ ${expression(2, random)} }}`;
    case 2:
      return `\${{ ${body} ${pick([...operators, ')', '(', ',', '.', 'and', '=', '?', '"'], random) ?? ''} }}`;
    case 3:
      return `\${{ ${'('.repeat(random.integer(300))}${body}${')'.repeat(random.integer(300))} }}`;
    default:
      return `\${{ ${body} }}`;
  }
}
