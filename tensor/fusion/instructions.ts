/**
 * @file The instruction that computes a node. Several primitives that scale and shift an image by vectors are
 * one instruction: what lies between them is never written, not even to the cache.
 */
import type { Node } from '../graph.js';
import { formOf } from './fusable.js';

/** One instruction of the kernel over the pixels of a block; see `kernels/region.h` for what each computes. */
export interface Instruction {
  readonly name: string;
  /** The first two operands: images, or vectors where a primitive takes one as it is. */
  readonly operands: readonly Node[];
  readonly aMinus?: Node | undefined;
  readonly aTimes?: Node | undefined;
  readonly bMinus?: Node | undefined;
  readonly bTimes?: Node | undefined;
  readonly plus?: Node | undefined;
}

type Inside = ReadonlySet<Node>;

export function isSum(node: Node): boolean {
  return node.operation.kind === 'reduceSum';
}

/**
 * An operand that is read pixel by pixel. One that only repeats over the pixels is a vector, whatever form it
 * may have elsewhere.
 */
export function isImageInput(user: Node, input: Node): boolean {
  return (formOf(user.shape) === 'image' || isSum(user)) && formOf(input.shape) === 'image';
}

/** `image kind vector`, in either order where that does not matter. */
function withVector(node: Node, kind: 'add' | 'sub' | 'mul', inside: Inside): [Node, Node] | undefined {
  const [a, b] = node.inputs;
  if (node.operation.kind !== kind || !inside.has(node) || a === undefined || b === undefined)
    return undefined;
  const [first, second] = [isImageInput(node, a), isImageInput(node, b)];
  if (first && !second) return [a, b];
  return second && !first && kind !== 'sub' ? [b, a] : undefined;
}

interface Scaled {
  readonly base: Node;
  readonly minus?: Node | undefined;
  readonly times?: Node | undefined;
}

/** `(base - minus) * times`. */
function scaled(node: Node, inside: Inside): Scaled {
  const [product, times] = withVector(node, 'mul', inside) ?? [node];
  const [base, minus] = withVector(product, 'sub', inside) ?? [product];
  return { base, minus, times };
}

/** `(a - aMinus) * aTimes + plus` if there is anything to subtract, multiply or add. */
function affine(node: Node, inside: Inside): Omit<Instruction, 'name'> | undefined {
  const [product, plus] = withVector(node, 'add', inside) ?? [node];
  const { base, minus, times } = scaled(product, inside);
  return base === node ? undefined : { operands: [base], aMinus: minus, aTimes: times, plus };
}

/** The sum of two scaled images, and a vector perhaps. */
function blend(node: Node, inside: Inside): Instruction | undefined {
  const [sum, plus] = withVector(node, 'add', inside) ?? [node];
  const [first, second] = sum.inputs;
  if (sum.operation.kind !== 'add' || !inside.has(sum) || first === undefined || second === undefined) {
    return undefined;
  }
  if (!isImageInput(sum, first) || !isImageInput(sum, second)) return undefined;
  const [a, b] = [scaled(first, inside), scaled(second, inside)];
  return {
    name: 'blend',
    operands: [a.base, b.base],
    aMinus: a.minus,
    aTimes: a.times,
    bMinus: b.minus,
    bTimes: b.times,
    plus,
  };
}

/** The instruction for an image that a region computes. */
export function imageInstruction(node: Node, inside: Inside): Instruction {
  const [a, b] = node.inputs;
  const plain = { name: node.operation.kind, operands: node.inputs };
  if (a === undefined) return plain;
  switch (node.operation.kind) {
    case 'add':
    case 'sub':
    case 'mul': {
      const shifted = blend(node, inside);
      if (shifted !== undefined) return shifted;
      const fused = affine(node, inside);
      return fused === undefined ? plain : { name: 'affine', ...fused };
    }
    case 'relu': {
      const fused = affine(a, inside);
      return fused === undefined ? plain : { name: 'affineRelu', ...fused };
    }
    case 'reluGrad': {
      const fused = b && affine(b, inside);
      return fused === undefined ? plain : { name: 'gate', ...fused, operands: [...fused.operands, a] };
    }
    case 'broadcastTo':
      return { ...plain, name: 'copy' };
    default:
      return plain;
  }
}

/**
 * The instruction for a sum over pixels. The factors of a product that nothing but this sum needs are multiplied
 * and added at once.
 */
export function sumInstruction(sum: Node, inside: Inside, users: ReadonlyMap<Node, number>): Instruction {
  const [product] = sum.inputs;
  const [a, b] = product?.inputs ?? [];
  const plain = { name: 'sum', operands: sum.inputs };
  if (product?.operation.kind !== 'mul' || a === undefined || b === undefined) return plain;
  if (users.get(product) !== 1 || !isImageInput(product, a) || !isImageInput(product, b)) return plain;
  const [first, aMinus] = withVector(a, 'sub', inside) ?? [a];
  const [second, bMinus] = withVector(b, 'sub', inside) ?? [b];
  return { name: 'dot', operands: [first, second], aMinus, bMinus };
}
