/**
 * @file Recognising nodes, for rewriting.
 */
import type { Node } from './graph.js';
import type { OperationKind, OperationOf } from './operation.js';
import { sameShape, sizeOf } from './shape.js';

/** A node known to be of one kind, with that kind's attributes and its first input. */
export interface Match<K extends OperationKind> {
  readonly operation: OperationOf<K>;
  readonly input: Node;
}

/** The node as one of that kind, if it is one. */
export function match<K extends OperationKind>(node: Node | undefined, kind: K): Match<K> | undefined {
  if (node?.operation.kind !== kind) return undefined;
  return { operation: node.operation as OperationOf<K>, input: node.inputs[0] ?? node };
}

/** The value of a constant. */
export function constantValue(node: Node | undefined): number | undefined {
  return node?.operation.kind === 'constant' ? node.operation.value : undefined;
}

/** A product of a tensor and something smaller that is repeated over it. */
export interface ScaledTensor {
  readonly large: Node;
  readonly small: Node;
}

export function matchScaledTensor(node: Node): ScaledTensor | undefined {
  const [a, b] = node.inputs;
  if (node.operation.kind !== 'mul' || a === undefined || b === undefined) return undefined;
  if (sizeOf(b.shape) < sizeOf(a.shape) && sameShape(a.shape, node.shape)) return { large: a, small: b };
  if (sizeOf(a.shape) < sizeOf(b.shape) && sameShape(b.shape, node.shape)) return { large: b, small: a };
  return undefined;
}
