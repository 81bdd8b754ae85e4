/**
 * @file How each primitive is written as one TensorFlow operation.
 */
import type { Node } from './graph.js';
import type { Operation, Pooling } from './operation.js';
import type { OperationAttribute, TensorflowBinding } from './tensorflow-binding.js';

/** A small tensor that an operation takes beside its inputs: a shape, axes, a factor. */
export type SmallTensor =
  | { readonly type: 'int32'; readonly values: readonly number[] }
  | { readonly type: 'float32'; readonly value: number };

/** Where an operation's argument comes from: the node's input of that number, or a small tensor. */
export type Argument = number | SmallTensor;

export interface TensorflowCall {
  readonly name: string;
  readonly attributes: readonly OperationAttribute[];
  readonly arguments: readonly Argument[];
}

const ints = (...values: readonly number[]): SmallTensor => ({ type: 'int32', values });
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

  const convolution = ({ stride, padding }: { stride: number; padding: number }): OperationAttribute[] => [
    int('strides', [1, stride, stride, 1]),
    ...(padding === 0
      ? [string('padding', 'VALID')]
      : [
          string('padding', 'EXPLICIT'),
          int('explicit_paddings', [0, 0, padding, padding, padding, padding, 0, 0]),
        ]),
  ];
  const pooling = ({ size, stride }: Pooling): OperationAttribute[] => [
    int('ksize', [1, size, size, 1]),
    int('strides', [1, stride, stride, 1]),
    string('padding', 'VALID'),
  ];

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
      return call('Conv2D', [0, 1], convolution(operation));
    case 'conv2dInputGrad':
      return call('Conv2DBackpropInput', [ints(...node.shape), 1, 0], convolution(operation));
    case 'conv2dFilterGrad':
      return call('Conv2DBackpropFilter', [0, ints(...node.shape), 1], convolution(operation));
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
      return call('Sum', [0, ints(...operation.axes)], [bool('keep_dims', true)]);
    case 'broadcastTo':
      return call('BroadcastTo', [0, ints(...operation.shape)]);
    case 'reshape':
      return call('Reshape', [0, ints(...operation.shape)]);
    case 'transpose':
      return call('Transpose', [0, ints(...operation.permutation)]);
  }
}
