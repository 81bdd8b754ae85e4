/**
 * @file Algebra of sums over axes: factors that do not vary along the axes come out, what is repeated is
 * multiplied, and a sum that is known is not taken again. Normalisation layers gain most: the sum of a centred
 * activation is found to be zero, and with it a pass of every backward step.
 */
import type { GraphBuilder, Node } from './graph.js';
import { constantValue, match } from './match.js';
import { keepDimensions, repeatedAxes, sizeOf } from './shape.js';

/** A sum to take: of `node`, or of factors of it, over axes of the shape `whole`. */
interface Sum {
  readonly g: GraphBuilder;
  readonly axes: readonly number[];
  /** The rank that the axes count in. */
  readonly rank: number;
  /** How many elements each sum has. */
  readonly count: number;
}

/** Whether a node is the same along all axes of the sum. */
function isUniform({ axes, rank }: Sum, node: Node): boolean {
  return axes.every((axis) => (node.shape[axis - rank + node.shape.length] ?? 1) === 1);
}

/** A product as what varies along the axes times a factor that does not. */
interface Factored {
  readonly varying: Node;
  readonly factor: Node | undefined;
}

function factorOut(sum: Sum, node: Node): Factored {
  const { g } = sum;
  const scaled = match(node, 'scale');
  if (scaled !== undefined) {
    const { varying, factor } = factorOut(sum, scaled.input);
    const constant = scaled.operation.factor;
    return { varying, factor: factor === undefined ? g.constant(constant) : g.scale(factor, constant) };
  }
  const [a, b] = node.inputs;
  if (node.operation.kind !== 'mul' || a === undefined || b === undefined) {
    return { varying: node, factor: undefined };
  }
  const times = (x: Node | undefined, y: Node | undefined): Node | undefined =>
    x === undefined || y === undefined ? (x ?? y) : g.mul(x, y);
  if (isUniform(sum, a)) {
    const { varying, factor } = factorOut(sum, b);
    return { varying, factor: times(factor, a) };
  }
  if (isUniform(sum, b)) {
    const { varying, factor } = factorOut(sum, a);
    return { varying, factor: times(factor, b) };
  }
  const [fa, fb] = [factorOut(sum, a), factorOut(sum, b)];
  const factor = times(fa.factor, fb.factor);
  return factor === undefined
    ? { varying: node, factor }
    : { varying: g.mul(fa.varying, fb.varying), factor };
}

/** The sum of a node if it takes no new pass over its elements. */
function knownSum(sum: Sum, node: Node): Node | undefined {
  const { g, axes, rank, count } = sum;
  if (node.shape.length !== rank) return undefined;
  const shape = keepDimensions(node.shape, axes);
  const value = constantValue(node);
  if (value !== undefined) return g.constant(value * count, shape);
  const repeat = match(node, 'broadcastTo');
  if (repeat !== undefined) {
    const repeated = repeatedAxes(repeat.input.shape, node.shape);
    if (axes.every((axis) => repeated.includes(axis))) {
      return g.scale(g.broadcastTo(repeat.input, shape), count);
    }
  }
  const { varying, factor } = factorOut(sum, node);
  if (factor !== undefined) {
    const inner = knownSum(sum, varying);
    return inner && g.mul(inner, factor);
  }
  const { kind } = node.operation;
  const [a, b] = node.inputs;
  if ((kind === 'add' || kind === 'sub') && a !== undefined && b !== undefined) {
    const part = (x: Node): Node | undefined => (isUniform(sum, x) ? g.scale(x, count) : knownSum(sum, x));
    const sumOfA = part(a);
    const sumOfB = sumOfA && part(b);
    if (sumOfA !== undefined && sumOfB !== undefined) {
      return g.broadcastTo(g.apply({ kind }, sumOfA, sumOfB), shape);
    }
  }
  return g.find({ kind: 'reduceSum', axes }, node);
}

/** Simplifies the sum of `x` over `axes`, which are in order. */
export function simplifyReduceSum(g: GraphBuilder, axes: readonly number[], x: Node): Node | undefined {
  const needed = axes.filter((axis) => x.shape[axis] !== 1);
  if (needed.length === 0) return x;
  if (needed.length < axes.length) return g.reduceSum(x, needed);
  const count = sizeOf(axes.map((axis) => x.shape[axis] ?? 1));
  const sum: Sum = { g, axes, rank: x.shape.length, count };
  const known = knownSum(sum, x);
  if (known !== undefined) return known;
  const { varying, factor } = factorOut(sum, x);
  return factor === undefined || varying.shape.length !== x.shape.length
    ? undefined
    : g.mul(g.reduceSum(varying, axes), factor);
}
