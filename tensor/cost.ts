/**
 * @file What a node costs to compute.
 */
import type { Node } from './graph.js';
import { sizeOf } from './shape.js';

/** Bytes of a float32 tensor of the node's shape. */
export function bytesOf(node: Node): number {
  return 4 * sizeOf(node.shape);
}

/** Floating-point operations of convolutions and matrix products (2 per multiply-add); 0 for all others. */
export function flopsOf(node: Node): number {
  const input = (index: number): number => sizeOf(node.inputs[index]?.shape ?? []);
  const channels = (index: number): number => node.inputs[index]?.shape[3] ?? 1;
  const { operation } = node;
  switch (operation.kind) {
    case 'matmul': {
      const inner = node.inputs[0]?.shape[operation.transposeA ? 0 : 1] ?? 1;
      return 2 * sizeOf(node.shape) * inner;
    }
    // Per output pixel the whole filter; the three convolutions of one layer cost the same.
    case 'conv2d':
      return (2 * sizeOf(node.shape) * input(1)) / channels(1);
    case 'conv2dInputGrad':
      return (2 * input(0) * input(1)) / channels(1);
    case 'conv2dFilterGrad':
      return (2 * input(1) * sizeOf(node.shape)) / channels(1);
    case 'input':
    case 'constant':
    case 'add':
    case 'sub':
    case 'mul':
    case 'div':
    case 'scale':
    case 'addScalar':
    case 'exp':
    case 'log':
    case 'rsqrt':
    case 'sigmoid':
    case 'relu':
    case 'reluGrad':
    case 'leakyRelu':
    case 'leakyReluGrad':
    case 'softmax':
    case 'logSoftmax':
    case 'avgPool':
    case 'avgPoolGrad':
    case 'maxPool':
    case 'maxPoolGrad':
    case 'maxPoolGradGrad':
    case 'reduceSum':
    case 'broadcastTo':
    case 'reshape':
    case 'transpose':
      return 0;
  }
}

/** Bytes read and written, the cost of everything that is not a convolution. A reshape moves nothing. */
export function bytesMovedBy(node: Node): number {
  if (node.operation.kind === 'reshape' || node.operation.kind === 'input') return 0;
  return node.inputs.reduce((bytes, input) => bytes + bytesOf(input), bytesOf(node));
}
