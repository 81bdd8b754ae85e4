/**
 * @file How each primitive is written in TensorFlow operations: mostly one, or a nest of a few where TensorFlow
 * is much faster that way.
 */
import type { Node } from './graph.js';
import type { Convolution, Operation, Pooling } from './operation.js';
import { sizeOf } from './shape.js';
import type { Shape } from './shape.js';
import type { OperationAttribute, TensorflowBinding } from './tensorflow-binding.js';

/** A small tensor that an operation takes beside its inputs: a shape, axes, a factor. */
export type SmallTensor =
  | { readonly type: 'int32'; readonly shape: readonly number[]; readonly values: readonly number[] }
  | { readonly type: 'float32'; readonly value: number };

/** Where an operation's argument comes from: the node's input of that number, a small tensor, another call. */
export type Argument = number | SmallTensor | TensorflowCall;

export interface TensorflowCall {
  readonly name: string;
  readonly attributes: readonly OperationAttribute[];
  readonly arguments: readonly Argument[];
}

const ints = (...values: readonly number[]): SmallTensor => ({
  type: 'int32',
  shape: [values.length],
  values,
});
const float = (value: number): SmallTensor => ({ type: 'float32', value });

const elementwiseNames = { add: 'AddV2', sub: 'Sub', mul: 'Mul', div: 'RealDiv' } as const;
const unaryNames = {
  exp: 'Exp',
  log: 'Log',
  rsqrt: 'Rsqrt',
  sigmoid: 'Sigmoid',
  relu: 'Relu',
  softmax: 'Softmax',
  logSoftmax: 'LogSoftmax',
} as const;

/** Whether the padding is the one that keeps the size, which TensorFlow calls SAME. */
function isSame({ stride, padding }: Convolution, [height, width]: Shape): boolean {
  return stride === 1 && height === 2 * padding + 1 && width === height;
}

/** Whether a sum is over height and width of activations too many for a processor's cache. */
function isLargeImageSum(axes: readonly number[], shape: Shape): boolean {
  return shape.length === 4 && axes.join() === '1,2' && sizeOf(shape) >= 2 ** 20;
}

/** The TensorFlow call that computes a node. Types of operands are inferred by TensorFlow. */
export function tensorflowCall(binding: TensorflowBinding, node: Node): TensorflowCall {
  const string = (name: string, value: string) => ({ name, type: binding.TF_ATTR_STRING, value });
  const int = (name: string, value: number | readonly number[]) => ({
    name,
    type: binding.TF_ATTR_INT,
    value,
  });
  const bool = (name: string, value: boolean) => ({ name, type: binding.TF_ATTR_BOOL, value });
  const slope = (value: number) => [{ name: 'alpha', type: binding.TF_ATTR_FLOAT, value }];
  const call = (
    name: string,
    operands: readonly Argument[],
    attributes: readonly OperationAttribute[] = [],
  ): TensorflowCall => ({ name, arguments: operands, attributes });

  const strides = (stride: number) => int('strides', [1, stride, stride, 1]);
  /**
   * TensorFlow's fast convolutions know the paddings SAME and VALID; the explicit one sends both gradients to
   * kernels three times slower.
   */
  const convolution = ({ stride, padding }: Convolution, filter: Shape): OperationAttribute[] => {
    if (padding === 0) return [strides(stride), string('padding', 'VALID')];
    if (isSame({ stride, padding }, filter)) return [strides(stride), string('padding', 'SAME')];
    const both = [padding, padding];
    return [
      strides(stride),
      string('padding', 'EXPLICIT'),
      int('explicit_paddings', [0, 0, ...both, ...both, 0, 0]),
    ];
  };
  const pooling = ({ size, stride }: Pooling): OperationAttribute[] => [
    int('ksize', [1, size, size, 1]),
    strides(stride),
    string('padding', 'VALID'),
  ];
  const shapeOf = (index: number): Shape => node.inputs[index]?.shape ?? [];

  const operation: Operation = node.operation;
  switch (operation.kind) {
    case 'input':
      throw new Error('an input of a program is given, not computed');
    case 'constant':
      return call('Fill', [ints(...operation.shape), float(operation.value)]);
    case 'add':
    case 'sub':
    case 'mul':
    case 'div':
      return call(elementwiseNames[operation.kind], [0, 1]);
    case 'scale':
      return call('Mul', [0, float(operation.factor)]);
    case 'addScalar':
      return call('AddV2', [0, float(operation.addend)]);
    case 'exp':
    case 'log':
    case 'rsqrt':
    case 'sigmoid':
    case 'relu':
    case 'softmax':
    case 'logSoftmax':
      return call(unaryNames[operation.kind], [0]);
    case 'reluGrad':
      return call('ReluGrad', [0, 1]);
    case 'leakyRelu':
      return call('LeakyRelu', [0], slope(operation.slope));
    case 'leakyReluGrad':
      return call('LeakyReluGrad', [0, 1], slope(operation.slope));
    case 'matmul':
      return call(
        'MatMul',
        [0, 1],
        [bool('transpose_a', operation.transposeA), bool('transpose_b', operation.transposeB)],
      );
    case 'conv2d':
      return call('Conv2D', [0, 1], convolution(operation, shapeOf(1)));
    case 'conv2dInputGrad': {
      const { stride, padding } = operation;
      const [n = 1, h = 1, w = 1, c = 1] = node.shape;
      if (stride === 1 || padding === 0) {
        return call('Conv2DBackpropInput', [ints(...node.shape), 1, 0], convolution(operation, shapeOf(1)));
      }
      // The gradient to the padded images, cut to size: a fifth to a half faster than with explicit padding.
      const padded = ints(n, h + 2 * padding, w + 2 * padding, c);
      const valid = convolution({ stride, padding: 0 }, shapeOf(1));
      const whole = call('Conv2DBackpropInput', [padded, 1, 0], valid);
      return call('Slice', [whole, ints(0, padding, padding, 0), ints(...node.shape)]);
    }
    case 'conv2dFilterGrad': {
      const { stride, padding } = operation;
      const attributes = convolution(operation, node.shape);
      if (padding === 0 || isSame(operation, node.shape)) {
        return call('Conv2DBackpropFilter', [0, ints(...node.shape), 1], attributes);
      }
      // Padding the images first is cheaper than the kernel for explicit padding.
      const widths = { ...ints(0, 0, padding, padding, padding, padding, 0, 0), shape: [4, 2] };
      const valid = convolution({ stride, padding: 0 }, node.shape);
      return call('Conv2DBackpropFilter', [call('Pad', [0, widths]), ints(...node.shape), 1], valid);
    }
    case 'avgPool':
      return call('AvgPool', [0], pooling(operation));
    case 'avgPoolGrad':
      return call('AvgPoolGrad', [ints(...node.shape), 0], pooling(operation));
    case 'maxPool':
      return call('MaxPool', [0], pooling(operation));
    case 'maxPoolGrad':
      return call('MaxPoolGrad', [0, 1, 2], pooling(operation));
    case 'maxPoolGradGrad':
      return call('MaxPoolGradGrad', [0, 1, 2], pooling(operation));
    case 'reduceSum':
      if (isLargeImageSum(operation.axes, shapeOf(0)) && !binding.isUsingGpuDevice()) {
        // Pooling over the whole image reads at twice the speed of the sum over inner axes.
        const [, h = 1, w = 1] = shapeOf(0);
        const whole = [int('ksize', [1, h, w, 1]), int('strides', [1, h, w, 1]), string('padding', 'VALID')];
        return call('Mul', [call('AvgPool', [0], whole), float(h * w)]);
      }
      return call('Sum', [0, ints(...operation.axes)], [bool('keep_dims', true)]);
    case 'broadcastTo':
      return call('BroadcastTo', [0, ints(...operation.shape)]);
    case 'reshape':
      return call('Reshape', [0, ints(...operation.shape)]);
    case 'transpose':
      return call('Transpose', [0, ints(...operation.permutation)]);
  }
}
