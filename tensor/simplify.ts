/**
 * @file Algebra that pays: equivalents with fewer passes over memory, found as a node is made. Each rule is an
 * identity of real numbers and differs at most in rounding; none depends on values.
 */
import type { GraphBuilder, Node } from './graph.js';
import { constantValue, match, matchScaledTensor } from './match.js';
import type { Operation } from './operation.js';
import { sameShape, sizeOf } from './shape.js';
import type { Shape } from './shape.js';
import { simplifyElementwise } from './simplify-elementwise.js';
import { simplifyReduceSum } from './simplify-sums.js';

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
      // A mean times its count is the sum: 1 up to rounding.
      if (Math.abs(factor - 1) < 1e-14) return x;
      if (factor === 0 || value !== undefined) return g.constant(factor * (value ?? 0), shape);
      const inner = match(x, 'scale');
      if (inner !== undefined) return g.scale(inner.input, factor * inner.operation.factor);
      const repeat = match(x, 'broadcastTo');
      if (repeat !== undefined) return g.broadcastTo(g.scale(repeat.input, factor), shape);
      const scaled = matchScaledTensor(x);
      return scaled && g.mul(scaled.large, g.scale(scaled.small, factor));
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
