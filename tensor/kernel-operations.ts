/**
 * @file Nodes and regions as calls of our own kernels.
 */
import type { Node } from './graph.js';
import type { Convolution } from './operation.js';
import type { Shape } from './shape.js';
import type { TensorflowBinding } from './tensorflow-binding.js';
import type { TensorflowCall } from './tensorflow-operations.js';

/** A region of so many inputs and outputs. */
export function regionCall(
  binding: TensorflowBinding,
  text: string,
  inputs: number,
  outputs: number,
): TensorflowCall {
  return {
    name: 'DistilleryRegion',
    attributes: [
      { name: 'I', type: binding.TF_ATTR_INT, value: inputs },
      { name: 'O', type: binding.TF_ATTR_INT, value: outputs },
      { name: 'program', type: binding.TF_ATTR_STRING, value: text },
    ],
    arguments: Array.from({ length: inputs }, (_, index) => index),
  };
}

/** Whether our convolution takes it: 3x3, the size kept, whole vectors of channels. */
function isOurs({ stride, padding }: Convolution, [height, width, inputs = 0, outputs = 0]: Shape): boolean {
  const wholeVectors = inputs % 16 === 0 && outputs % 16 === 0;
  return stride === 1 && padding === 1 && height === 3 && width === 3 && wholeVectors;
}

/** The call of a kernel that computes a node alone, if there is one. */
export function kernelCall(binding: TensorflowBinding, node: Node): TensorflowCall | undefined {
  const { operation } = node;
  switch (operation.kind) {
    case 'conv2d':
    case 'conv2dInputGrad': {
      if (!isOurs(operation, node.inputs[1]?.shape ?? [])) return undefined;
      const adjoint = { name: 'adjoint', type: binding.TF_ATTR_BOOL, value: operation.kind !== 'conv2d' };
      return { name: 'DistilleryConvolution', attributes: [adjoint], arguments: [0, 1] };
    }
    case 'conv2dFilterGrad':
      return isOurs(operation, node.shape)
        ? { name: 'DistilleryFilterGradient', attributes: [], arguments: [0, 1] }
        : undefined;
    default:
      return undefined;
  }
}
