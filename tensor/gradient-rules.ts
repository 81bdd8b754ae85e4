/**
 * @file The gradient rule of every primitive, written in primitives, so that a gradient can be differentiated
 * again.
 */
import type { GraphBuilder, Node } from './graph.js';
import { shapeError } from './shape.js';

/** The [h,w] of an image tensor or the [kh,kw] of a filter, by the axes they are on. */
function extents(node: Node, first: number): [number, number] {
  return [node.shape[first] ?? 1, node.shape[first + 1] ?? 1];
}

/**
 * What reaches input `index` of a node when `dy` reaches its output; nothing where the derivative is zero
 * everywhere it exists (the point at which a kink or a maximum is taken).
 */
export function gradientOfInput(g: GraphBuilder, node: Node, dy: Node, index: number): Node | undefined {
  const { operation } = node;
  const at = (position: number): Node => {
    const input = node.inputs[position];
    if (input === undefined) throw shapeError(operation.kind, [], `has no input ${position}`);
    return input;
  };
  switch (operation.kind) {
    case 'input':
    case 'constant':
      return undefined;
    case 'add':
      return g.sumTo(dy, at(index).shape);
    case 'sub':
      return g.sumTo(index === 0 ? dy : g.scale(dy, -1), at(index).shape);
    case 'mul':
      // A square counts once, with twice its derivative.
      if (at(0) === at(1)) return index === 0 ? g.mul(g.scale(dy, 2), at(0)) : undefined;
      return g.sumTo(g.mul(dy, at(1 - index)), at(index).shape);
    case 'div':
      return index === 0
        ? g.sumTo(g.div(dy, at(1)), at(0).shape)
        : g.sumTo(g.scale(g.mul(dy, g.div(node, at(1))), -1), at(1).shape);
    case 'scale':
      return g.scale(dy, operation.factor);
    case 'addScalar':
      return dy;
    case 'exp':
      return g.mul(dy, node);
    case 'log':
      return g.div(dy, at(0));
    case 'rsqrt':
      return g.scale(g.mul(dy, g.mul(node, g.mul(node, node))), -0.5);
    case 'sigmoid':
      return g.mul(dy, g.sub(node, g.mul(node, node)));
    case 'relu':
      return g.apply({ kind: 'reluGrad' }, dy, at(0));
    case 'reluGrad':
      return index === 0 ? g.apply({ kind: 'reluGrad' }, dy, at(1)) : undefined;
    case 'leakyRelu':
      return g.apply({ kind: 'leakyReluGrad', slope: operation.slope }, dy, at(0));
    case 'leakyReluGrad':
      return index === 0 ? g.apply(operation, dy, at(1)) : undefined;
    case 'softmax': {
      const weighted = g.mul(dy, node);
      return g.sub(weighted, g.mul(node, g.reduceSum(weighted, [1])));
    }
    case 'logSoftmax':
      return g.sub(dy, g.mul(g.softmax(at(0)), g.reduceSum(dy, [1])));
    case 'matmul': {
      const { transposeA, transposeB } = operation;
      if (index === 0) {
        return transposeA
          ? g.matmul(at(1), dy, { transposeA: transposeB, transposeB: true })
          : g.matmul(dy, at(1), { transposeB: !transposeB });
      }
      return transposeB
        ? g.matmul(dy, at(0), { transposeA: true, transposeB: transposeA })
        : g.matmul(at(0), dy, { transposeA: !transposeA });
    }
    case 'conv2d': {
      const { stride, padding } = operation;
      return index === 0
        ? g.apply({ kind: 'conv2dInputGrad', stride, padding, inputSize: extents(at(0), 1) }, dy, at(1))
        : g.apply({ kind: 'conv2dFilterGrad', stride, padding, filterSize: extents(at(1), 0) }, at(0), dy);
    }
    case 'conv2dInputGrad': {
      const { stride, padding } = operation;
      return index === 0
        ? g.conv2d(dy, at(1), { stride, padding })
        : g.apply({ kind: 'conv2dFilterGrad', stride, padding, filterSize: extents(at(1), 0) }, dy, at(0));
    }
    case 'conv2dFilterGrad': {
      const { stride, padding } = operation;
      return index === 0
        ? g.apply({ kind: 'conv2dInputGrad', stride, padding, inputSize: extents(at(0), 1) }, at(1), dy)
        : g.conv2d(at(0), dy, { stride, padding });
    }
    case 'avgPool': {
      const { size, stride } = operation;
      return g.apply({ kind: 'avgPoolGrad', size, stride, inputSize: extents(at(0), 1) }, dy);
    }
    case 'avgPoolGrad':
      return g.avgPool(dy, operation);
    case 'maxPool': {
      const { size, stride } = operation;
      return g.apply({ kind: 'maxPoolGrad', size, stride }, at(0), node, dy);
    }
    case 'maxPoolGrad': {
      const { size, stride } = operation;
      return index === 2 ? g.apply({ kind: 'maxPoolGradGrad', size, stride }, at(0), at(1), dy) : undefined;
    }
    case 'maxPoolGradGrad': {
      const { size, stride } = operation;
      return index === 2 ? g.apply({ kind: 'maxPoolGrad', size, stride }, at(0), at(1), dy) : undefined;
    }
    case 'reduceSum':
      return g.broadcastTo(dy, at(0).shape);
    case 'broadcastTo':
      return g.sumTo(dy, at(0).shape);
    case 'reshape':
      return g.reshape(dy, at(0).shape);
    case 'transpose': {
      const inverse = operation.permutation.map((_, axis) => operation.permutation.indexOf(axis));
      return g.transpose(dy, inverse);
    }
  }
}
