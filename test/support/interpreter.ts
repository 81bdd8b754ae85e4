/**
 * @file A slow, obvious interpreter of graphs in float64, to hold gradients and devices against.
 */
import { ancestors } from '../../tensor/differentiate.js';
import type { Node } from '../../tensor/graph.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Shape } from '../../tensor/shape.js';

export type Values = Readonly<Record<string, Float64Array>>;

/** The position of flat index `k` along every axis. */
function unravel(k: number, shape: Shape): number[] {
  const position = new Array<number>(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    position[axis] = k % shape[axis]!;
    k = Math.floor(k / shape[axis]!);
  }
  return position;
}

/** The flat index of a position; axes of extent 1 repeat, missing leading axes are ignored. */
function ravel(position: readonly number[], shape: Shape): number {
  const lead = position.length - shape.length;
  return shape.reduce((k, extent, axis) => k * extent + (extent === 1 ? 0 : position[axis + lead]!), 0);
}

function fill(shape: Shape, value: (position: number[], k: number) => number): Float64Array {
  return Float64Array.from({ length: sizeOf(shape) }, (_, k) => value(unravel(k, shape), k));
}

/** Calls back with the flat indices that meet in a window: image in, window, image out. */
function eachWindow(
  input: Shape,
  output: Shape,
  window: readonly [number, number],
  { stride, padding = 0 }: { stride: number; padding?: number },
  visit: (n: number, inside: [number, number], at: [number, number], out: [number, number]) => void,
): void {
  for (let n = 0; n < output[0]!; n++)
    for (let oy = 0; oy < output[1]!; oy++)
      for (let ox = 0; ox < output[2]!; ox++)
        for (let ky = 0; ky < window[0]; ky++)
          for (let kx = 0; kx < window[1]; kx++) {
            const [iy, ix] = [oy * stride + ky - padding, ox * stride + kx - padding];
            if (iy < 0 || ix < 0 || iy >= input[1]! || ix >= input[2]!) continue;
            visit(n, [iy, ix], [ky, kx], [oy, ox]);
          }
}

interface Convolution {
  readonly image: Shape;
  readonly filter: Shape;
  readonly output: Shape;
  readonly settings: { stride: number; padding: number };
}

/** Every product of a convolution: flat indices into image, filter and output. */
function eachProduct(
  { image, filter, output, settings }: Convolution,
  visit: (image: number, filter: number, output: number) => void,
): void {
  eachWindow(image, output, [filter[0]!, filter[1]!], settings, (n, inside, at, out) => {
    for (let i = 0; i < filter[2]!; i++)
      for (let o = 0; o < filter[3]!; o++)
        visit(ravel([n, ...inside, i], image), ravel([...at, i, o], filter), ravel([n, ...out, o], output));
  });
}

/** Every (image element, output element) pair of a pooling, window by window in row-major order. */
function eachPooled(
  image: Shape,
  output: Shape,
  { size, stride }: { size: number; stride: number },
  visit: (image: number, output: number) => void,
): void {
  eachWindow(image, output, [size, size], { stride }, (n, inside, _at, out) => {
    for (let c = 0; c < image[3]!; c++) visit(ravel([n, ...inside, c], image), ravel([n, ...out, c], output));
  });
}

/** For every output element of a max pooling the image element that is its first maximum. */
function firstMaxima(
  x: Float64Array,
  image: Shape,
  output: Shape,
  pooling: { size: number; stride: number },
) {
  const chosen = new Int32Array(sizeOf(output)).fill(-1);
  eachPooled(image, output, pooling, (i, o) => {
    if (chosen[o]! < 0 || x[i]! > x[chosen[o]!]!) chosen[o] = i;
  });
  return chosen;
}

function softmax(x: Float64Array, [rows = 0, columns = 0]: Shape, logarithm: boolean): Float64Array {
  const y = new Float64Array(x.length);
  for (let row = 0; row < rows; row++) {
    const values = x.subarray(row * columns, (row + 1) * columns);
    const top = Math.max(...values);
    const total = Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0)) + top;
    values.forEach((value, c) => {
      y[row * columns + c] = logarithm ? value - total : Math.exp(value - total);
    });
  }
  return y;
}

function evaluate(node: Node, inputs: readonly Float64Array[], given: Values): Float64Array {
  const { operation, shape } = node;
  const [x = new Float64Array(), y = new Float64Array(), z = new Float64Array()] = inputs;
  const shapeOf = (index: number): Shape => node.inputs[index]!.shape;
  const elementwise = (f: (a: number, b: number) => number): Float64Array =>
    fill(shape, (position) => f(x[ravel(position, shapeOf(0))]!, y[ravel(position, shapeOf(1))]!));
  const result = new Float64Array(sizeOf(shape));

  switch (operation.kind) {
    case 'input':
      return given[operation.name]!;
    case 'constant':
      return result.fill(operation.value);
    case 'add':
      return elementwise((a, b) => a + b);
    case 'sub':
      return elementwise((a, b) => a - b);
    case 'mul':
      return elementwise((a, b) => a * b);
    case 'div':
      return elementwise((a, b) => a / b);
    case 'scale':
      return x.map((value) => value * operation.factor);
    case 'addScalar':
      return x.map((value) => value + operation.addend);
    case 'exp':
      return x.map(Math.exp);
    case 'log':
      return x.map(Math.log);
    case 'rsqrt':
      return x.map((value) => 1 / Math.sqrt(value));
    case 'sigmoid':
      return x.map((value) => 1 / (1 + Math.exp(-value)));
    case 'relu':
      return x.map((value) => Math.max(value, 0));
    case 'leakyRelu':
      return x.map((value) => (value > 0 ? value : operation.slope * value));
    case 'reluGrad':
      return x.map((dy, k) => (y[k]! > 0 ? dy : 0));
    case 'leakyReluGrad':
      return x.map((dy, k) => (y[k]! > 0 ? dy : operation.slope * dy));
    case 'softmax':
      return softmax(x, shape, false);
    case 'logSoftmax':
      return softmax(x, shape, true);
    case 'matmul': {
      const inner = shapeOf(0)[operation.transposeA ? 0 : 1]!;
      return fill(shape, ([row = 0, column = 0]) => {
        let sum = 0;
        for (let k = 0; k < inner; k++) {
          const a = operation.transposeA ? [k, row] : [row, k];
          const b = operation.transposeB ? [column, k] : [k, column];
          sum += x[ravel(a, shapeOf(0))]! * y[ravel(b, shapeOf(1))]!;
        }
        return sum;
      });
    }
    case 'conv2d': {
      const product = { image: shapeOf(0), filter: shapeOf(1), output: shape, settings: operation };
      eachProduct(product, (i, f, o) => (result[o]! += x[i]! * y[f]!));
      return result;
    }
    case 'conv2dInputGrad': {
      const product = { image: shape, filter: shapeOf(1), output: shapeOf(0), settings: operation };
      eachProduct(product, (i, f, o) => (result[i]! += x[o]! * y[f]!));
      return result;
    }
    case 'conv2dFilterGrad': {
      const product = { image: shapeOf(0), filter: shape, output: shapeOf(1), settings: operation };
      eachProduct(product, (i, f, o) => (result[f]! += x[i]! * y[o]!));
      return result;
    }
    case 'avgPool':
      eachPooled(shapeOf(0), shape, operation, (i, o) => (result[o]! += x[i]! / operation.size ** 2));
      return result;
    case 'avgPoolGrad':
      eachPooled(shape, shapeOf(0), operation, (i, o) => (result[i]! += x[o]! / operation.size ** 2));
      return result;
    case 'maxPool':
      firstMaxima(x, shapeOf(0), shape, operation).forEach((i, o) => (result[o] = x[i]!));
      return result;
    case 'maxPoolGrad':
      firstMaxima(x, shape, shapeOf(1), operation).forEach((i, o) => (result[i]! += z[o]!));
      return result;
    case 'maxPoolGradGrad':
      firstMaxima(x, shapeOf(0), shape, operation).forEach((i, o) => (result[o] = z[i]!));
      return result;
    case 'reduceSum':
      x.forEach((value, k) => (result[ravel(unravel(k, shapeOf(0)), shape)]! += value));
      return result;
    case 'broadcastTo':
      return fill(shape, (position) => x[ravel(position, shapeOf(0))]!);
    case 'reshape':
      return x;
    case 'transpose':
      return fill(shape, (position) => {
        const source = new Array<number>(position.length);
        operation.permutation.forEach((axis, index) => (source[axis] = position[index]!));
        return x[ravel(source, shapeOf(0))]!;
      });
  }
}

/** The values of the outputs, in order. */
export function interpret(outputs: readonly Node[], given: Values): Float64Array[] {
  const values = new Map<Node, Float64Array>();
  for (const node of ancestors(outputs)) {
    const inputs = node.inputs.map((input) => values.get(input)!);
    values.set(node, evaluate(node, inputs, given));
  }
  return outputs.map((output) => values.get(output)!);
}
