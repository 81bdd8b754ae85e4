/**
 * @file Algebra that pays: equivalents with fewer passes over memory, found as a node is made. Each rule
 * holds exactly or up to the rounding of a factor; none reorders a sum.
 */
import type { GraphBuilder, Node } from './graph.js';
import type { Operation, OperationKind, OperationOf } from './operation.js';
import { broadcastShapes, keepDimensions, repeatedAxes, sameShape, sizeOf } from './shape.js';
import type { Shape } from './shape.js';

/** A node known to be of one kind, with that kind's attributes and its first input. */
interface Match<K extends OperationKind> {
  readonly operation: OperationOf<K>;
  readonly input: Node;
}

function match<K extends OperationKind>(node: Node | undefined, kind: K): Match<K> | undefined {
  if (node?.operation.kind !== kind) return undefined;
  return { operation: node.operation as OperationOf<K>, input: node.inputs[0] ?? node };
}

function constantValue(node: Node | undefined): number | undefined {
  return node?.operation.kind === 'constant' ? node.operation.value : undefined;
}

/** What an operand was before it was repeated, if the other operand repeats it anyway. */
function unrepeated(operand: Node, other: Node, result: Shape): Node {
  const repeat = match(operand, 'broadcastTo');
  return repeat !== undefined && sameShape(broadcastShapes('', repeat.input.shape, other.shape), result)
    ? repeat.input
    : operand;
}

type Elementwise = 'add' | 'sub' | 'mul' | 'div';

function simplifyElementwise(
  g: GraphBuilder,
  kind: Elementwise,
  a: Node,
  b: Node,
  shape: Shape,
): Node | undefined {
  const [ca, cb] = [constantValue(a), constantValue(b)];
  const [fullA, fullB] = [sameShape(a.shape, shape), sameShape(b.shape, shape)];
  const [sa, sb] = [match(a, 'scale'), match(b, 'scale')];
  switch (kind) {
    case 'add':
      if (cb !== undefined && fullA) return g.addScalar(a, cb);
      if (ca !== undefined && fullB) return g.addScalar(b, ca);
      if (ca === 0) return g.broadcastTo(b, shape);
      if (cb === 0) return g.broadcastTo(a, shape);
      if (a === b) return g.scale(a, 2);
      if (sb?.operation.factor === -1) return g.sub(a, sb.input);
      if (sa?.operation.factor === -1) return g.sub(b, sa.input);
      break;
    case 'sub':
      if (cb !== undefined && fullA) return g.addScalar(a, -cb);
      if (ca === 0 && fullB) return g.scale(b, -1);
      if (a === b) return g.constant(0, shape);
      if (sb?.operation.factor === -1) return g.add(a, sb.input);
      break;
    case 'mul':
      if (ca === 0 || cb === 0) return g.constant(0, shape);
      if (cb !== undefined && fullA) return g.scale(a, cb);
      if (ca !== undefined && fullB) return g.scale(b, ca);
      // A factor goes to the smaller operand, where it costs least and may meet another.
      if (sa !== undefined && sizeOf(a.shape) > sizeOf(b.shape)) {
        return g.mul(sa.input, g.scale(b, sa.operation.factor));
      }
      if (sb !== undefined && sizeOf(b.shape) > sizeOf(a.shape)) {
        return g.mul(g.scale(a, sb.operation.factor), sb.input);
      }
      break;
    case 'div':
      if (ca === 0) return g.constant(0, shape);
      if (cb !== undefined && cb !== 0 && fullA) return g.scale(a, 1 / cb);
      break;
  }
  const [ua, ub] = [unrepeated(a, b, shape), unrepeated(b, a, shape)];
  if (ua !== a) return g.apply({ kind }, ua, b);
  if (ub !== b) return g.apply({ kind }, a, ub);
  return undefined;
}

function simplifyReduceSum(g: GraphBuilder, axes: readonly number[], x: Node): Node | undefined {
  const needed = axes.filter((axis) => x.shape[axis] !== 1);
  if (needed.length === 0) return x;
  if (needed.length < axes.length) return g.reduceSum(x, needed);
  const count = sizeOf(axes.map((axis) => x.shape[axis] ?? 1));
  const value = constantValue(x);
  if (value !== undefined) {
    return g.constant(value * count, keepDimensions(x.shape, axes));
  }
  const scaled = match(x, 'scale');
  if (scaled !== undefined) return g.scale(g.reduceSum(scaled.input, axes), scaled.operation.factor);
  const repeat = match(x, 'broadcastTo');
  if (repeat !== undefined) {
    const repeated = repeatedAxes(repeat.input.shape, x.shape);
    if (axes.every((axis) => repeated.includes(axis))) {
      return g.scale(g.broadcastTo(repeat.input, keepDimensions(x.shape, axes)), count);
    }
  }
  return undefined;
}

function simplifyTranspose(g: GraphBuilder, permutation: readonly number[], x: Node): Node | undefined {
  const value = constantValue(x);
  const shape = permutation.map((axis) => x.shape[axis] ?? 1);
  if (value !== undefined) return g.constant(value, shape);
  // Moving axes of extent 1 moves no element.
  const moving = permutation.filter((axis) => x.shape[axis] !== 1);
  if (moving.every((axis, index) => index === 0 || axis > (moving[index - 1] ?? -1))) {
    return g.reshape(x, shape);
  }
  const inner = match(x, 'transpose');
  if (inner !== undefined) {
    return g.transpose(
      inner.input,
      permutation.map((axis) => inner.operation.permutation[axis] ?? axis),
    );
  }
  return undefined;
}

/** A cheaper node of the same value, or nothing if the operation is as simple as it gets. */
export function simplify(
  g: GraphBuilder,
  operation: Operation,
  inputs: readonly Node[],
  shape: Shape,
): Node | undefined {
  const [x, y, z] = inputs;
  if (x === undefined) return undefined;
  const value = constantValue(x);
  switch (operation.kind) {
    case 'add':
    case 'sub':
    case 'mul':
    case 'div':
      return y === undefined ? undefined : simplifyElementwise(g, operation.kind, x, y, shape);
    case 'scale': {
      const { factor } = operation;
      if (factor === 1) return x;
      if (factor === 0 || value !== undefined) return g.constant(factor * (value ?? 0), shape);
      const inner = match(x, 'scale');
      return inner && g.scale(inner.input, factor * inner.operation.factor);
    }
    case 'addScalar': {
      if (operation.addend === 0) return x;
      if (value !== undefined) return g.constant(value + operation.addend, shape);
      const inner = match(x, 'addScalar');
      return inner && g.addScalar(inner.input, operation.addend + inner.operation.addend);
    }
    case 'reduceSum':
      return simplifyReduceSum(g, operation.axes, x);
    case 'broadcastTo':
      if (sizeOf(x.shape) === sizeOf(shape)) return g.reshape(x, shape);
      return value === undefined ? undefined : g.constant(value, shape);
    case 'reshape': {
      if (sameShape(x.shape, shape)) return x;
      if (value !== undefined) return g.constant(value, shape);
      const inner = match(x, 'reshape');
      if (inner !== undefined) return g.reshape(inner.input, shape);
      // Factors come out, where they meet others.
      const scaled = match(x, 'scale');
      return scaled && g.scale(g.reshape(scaled.input, shape), scaled.operation.factor);
    }
    case 'transpose':
      return simplifyTranspose(g, operation.permutation, x);
    case 'reluGrad':
    case 'leakyReluGrad':
    case 'avgPool':
    case 'avgPoolGrad':
      return value === 0 ? g.constant(0, shape) : undefined;
    case 'matmul':
    case 'conv2d':
    case 'conv2dInputGrad':
    case 'conv2dFilterGrad':
      return value === 0 || constantValue(y) === 0 ? g.constant(0, shape) : undefined;
    case 'maxPoolGrad':
    case 'maxPoolGradGrad':
      return constantValue(z) === 0 ? g.constant(0, shape) : undefined;
    case 'input':
    case 'constant':
    case 'exp':
    case 'log':
    case 'rsqrt':
    case 'sigmoid':
    case 'relu':
    case 'leakyRelu':
    case 'softmax':
    case 'logSoftmax':
    case 'maxPool':
      return undefined;
  }
}
