/**
 * @file The shape rule of every primitive, with what it demands of its inputs.
 */
import type { Convolution, Operation, Pooling } from './operation.js';
import { broadcastShapes, formatShape, keepDimensions, sameShape, shapeError, sizeOf } from './shape.js';
import type { Shape } from './shape.js';

/** How many positions a window of `size` has along `extent`. */
function windowsAlong(extent: number, size: number, stride: number, padding: number): number {
  return Math.floor((extent + 2 * padding - size) / stride) + 1;
}

type Four = readonly [number, number, number, number];

/**
 * The shape of an operation's result.
 * @throws DistilleryError `InvalidDefinition` if the inputs do not fit the operation.
 */
export function resultShape(operation: Operation, inputs: readonly Shape[]): Shape {
  const fail = (problem: string): never => {
    throw shapeError(operation.kind, inputs, problem);
  };
  const arity = (count: number): void => {
    if (inputs.length !== count) fail(`takes ${count} inputs`);
  };
  const at = (index: number): Shape => inputs[index] ?? fail(`input ${index} is missing`);
  const image = (index: number): Four => {
    const [n, h, w, c, ...more] = at(index);
    if (n === undefined || h === undefined || w === undefined || c === undefined || more.length > 0) {
      return fail(`input ${index} must have 4 axes`);
    }
    return [n, h, w, c];
  };
  const agree = (what: string, actual: number, expected: number): void => {
    if (actual !== expected) fail(`${what} is ${actual} but must be ${expected}`);
  };
  const same = (a: Shape, b: Shape): Shape => (sameShape(a, b) ? a : fail('the shapes must be equal'));
  const windows = (extent: number, size: number, { stride, padding }: Convolution): number => {
    const count = windowsAlong(extent, size, stride, padding);
    return count >= 1 ? count : fail(`a window of ${size} does not fit into ${extent} + 2 x ${padding}`);
  };
  const convolved = (x: Four, f: Four, convolution: Convolution): Shape => {
    agree('input channels of the filter', f[2], x[3]);
    return [x[0], windows(x[1], f[0], convolution), windows(x[2], f[1], convolution), f[3]];
  };
  const pooled = (x: Four, { size, stride }: Pooling): Shape => {
    const convolution = { stride, padding: 0 };
    return [x[0], windows(x[1], size, convolution), windows(x[2], size, convolution), x[3]];
  };

  switch (operation.kind) {
    case 'input':
    case 'constant':
      arity(0);
      return operation.shape;
    case 'add':
    case 'sub':
    case 'mul':
    case 'div':
      arity(2);
      return broadcastShapes(operation.kind, at(0), at(1));
    case 'scale':
    case 'addScalar':
    case 'exp':
    case 'log':
    case 'rsqrt':
    case 'sigmoid':
    case 'relu':
    case 'leakyRelu':
      arity(1);
      return at(0);
    case 'softmax':
    case 'logSoftmax':
      arity(1);
      if (at(0).length !== 2) fail('takes a matrix');
      return at(0);
    case 'reluGrad':
    case 'leakyReluGrad':
      arity(2);
      return same(at(0), at(1));
    case 'matmul': {
      arity(2);
      const [a, b] = [at(0), at(1)];
      if (a.length !== 2 || b.length !== 2) fail('takes two matrices');
      const [rows = 0, inner = 0] = operation.transposeA ? a.toReversed() : a;
      const [innerB = 0, columns = 0] = operation.transposeB ? b.toReversed() : b;
      agree('the inner extent of the second matrix', innerB, inner);
      return [rows, columns];
    }
    case 'conv2d':
      arity(2);
      return convolved(image(0), image(1), operation);
    case 'conv2dInputGrad': {
      arity(2);
      const [dy, filter] = [image(0), image(1)];
      const x: Four = [dy[0], ...operation.inputSize, filter[2]];
      if (!sameShape(convolved(x, filter, operation), dy)) fail(`is not the gradient of ${formatShape(x)}`);
      return x;
    }
    case 'conv2dFilterGrad': {
      arity(2);
      const [x, dy] = [image(0), image(1)];
      const filter: Four = [...operation.filterSize, x[3], dy[3]];
      if (!sameShape(convolved(x, filter, operation), dy))
        fail(`is not the gradient of ${formatShape(filter)}`);
      return filter;
    }
    case 'avgPool':
    case 'maxPool':
      arity(1);
      return pooled(image(0), operation);
    case 'avgPoolGrad': {
      arity(1);
      const dy = image(0);
      const x: Four = [dy[0], ...operation.inputSize, dy[3]];
      if (!sameShape(pooled(x, operation), dy)) fail(`is not the gradient of ${formatShape(x)}`);
      return x;
    }
    case 'maxPoolGrad':
      arity(3);
      same(at(1), at(2));
      same(at(1), pooled(image(0), operation));
      return at(0);
    case 'maxPoolGradGrad':
      arity(3);
      same(at(0), at(2));
      return same(at(1), pooled(image(0), operation));
    case 'reduceSum':
      arity(1);
      for (const axis of operation.axes) {
        if (!Number.isInteger(axis) || axis < 0 || axis >= at(0).length) fail(`has no axis ${axis}`);
      }
      return keepDimensions(at(0), operation.axes);
    case 'broadcastTo':
      arity(1);
      return sameShape(broadcastShapes(operation.kind, at(0), operation.shape), operation.shape)
        ? operation.shape
        : fail(`cannot be repeated to ${formatShape(operation.shape)}`);
    case 'reshape':
      arity(1);
      return sizeOf(operation.shape) === sizeOf(at(0))
        ? operation.shape
        : fail(`does not have the elements of ${formatShape(operation.shape)}`);
    case 'transpose': {
      arity(1);
      const shape = at(0);
      const axes = new Set(operation.permutation);
      if (operation.permutation.length !== shape.length || axes.size !== shape.length) {
        fail(`${formatShape(operation.permutation)} is not a permutation of its axes`);
      }
      return operation.permutation.map((axis) => shape[axis] ?? fail(`has no axis ${axis}`));
    }
  }
}
