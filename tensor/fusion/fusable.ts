/**
 * @file Which nodes a region can hold. A region runs one image and a chunk of its channels at a time, so it
 * takes what is computed for each of them alone: element-wise work, sums over the pixels, pooling without
 * overlap. All else (convolutions, products, sums over the batch) lies between the regions.
 */
import type { Node } from '../graph.js';
import { sameShape } from '../shape.js';
import type { Shape } from '../shape.js';

/** A region works on whole vectors of channels; on images of fewer channels it would mostly idle. */
const fewestChannels = 4;

/** `image`: values of its own for every pixel. `vector`: one value an image and channel, [n,1,1,c]. */
export type Form = 'image' | 'vector';

function pixels(shape: Shape): number {
  return (shape[1] ?? 1) * (shape[2] ?? 1);
}

/** The form that a shape can have in a region, if any. */
export function formOf(shape: Shape): Form | undefined {
  if (shape.length !== 4 || (shape[3] ?? 0) < fewestChannels) return undefined;
  return pixels(shape) > 1 ? 'image' : 'vector';
}

/** Whether a tensor repeats over the pixels of images [n,h,w,c], so that a tile needs a vector of it. */
export function repeatsOverPixels(shape: Shape, image: Shape): boolean {
  const aligned = [...Array.from({ length: 4 - shape.length }, () => 1), ...shape];
  if (aligned.length !== 4 || pixels(aligned) !== 1) return false;
  return [0, 3].every((axis) => aligned[axis] === 1 || aligned[axis] === image[axis]);
}

function fits(input: Node, node: Node): boolean {
  return sameShape(input.shape, node.shape) || repeatsOverPixels(input.shape, node.shape);
}

/**
 * Whether a region can compute the node. An operation on vectors belongs to a region only if one of its inputs
 * does (`inside`); else it is tiny work on tensors that exist anyway.
 */
export function isFusable(node: Node, inside: (input: Node) => boolean): boolean {
  const { operation, inputs, shape } = node;
  switch (operation.kind) {
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
    case 'leakyRelu': {
      const form = formOf(shape);
      if (form === undefined || !inputs.every((input) => fits(input, node))) return false;
      return form === 'image' || inputs.some((input) => formOf(input.shape) === 'vector' && inside(input));
    }
    case 'reluGrad':
    case 'leakyReluGrad':
      return formOf(shape) === 'image' && inputs.every((input) => sameShape(input.shape, shape));
    case 'broadcastTo':
      return formOf(shape) === 'image' && inputs.every((input) => repeatsOverPixels(input.shape, shape));
    case 'reduceSum': {
      const input = inputs[0]?.shape ?? [];
      return operation.axes.join() === '1,2' && formOf(input) === 'image';
    }
    case 'avgPool':
    case 'avgPoolGrad': {
      const input = inputs[0]?.shape ?? [];
      return operation.size === operation.stride && formOf(input) === 'image' && formOf(shape) === 'image';
    }
    default:
      return false;
  }
}
