/**
 * @file The closed set of primitives a graph is made of. Every transformation (shape, gradient, cost,
 * executor) is one exhaustive table over this union; a new primitive starts here and the compiler names
 * the tables it is missing from.
 *
 * Images are NHWC and filters HWIO, the layout in which convolutions are fastest on a CPU. The set is closed
 * under differentiation: the gradient of each primitive is written in primitives.
 */
import type { Shape } from './shape.js';

/** Stride and symmetric zero padding, the same in both directions. */
export interface Convolution {
  readonly stride: number;
  readonly padding: number;
}

/** A square window without padding. */
export interface Pooling {
  readonly size: number;
  readonly stride: number;
}

export type Operation =
  | { readonly kind: 'input'; readonly name: string; readonly shape: Shape }
  /** A tensor of one repeated value. */
  | { readonly kind: 'constant'; readonly value: number; readonly shape: Shape }
  /** Element-wise on two tensors, with broadcasting. */
  | { readonly kind: 'add' | 'sub' | 'mul' | 'div' }
  | { readonly kind: 'scale'; readonly factor: number }
  | { readonly kind: 'addScalar'; readonly addend: number }
  | { readonly kind: 'exp' | 'log' | 'rsqrt' | 'sigmoid' | 'relu' }
  /** Along the last axis of a matrix, without overflow. */
  | { readonly kind: 'softmax' | 'logSoftmax' }
  /** `(dy, x) -> dy * [x > 0]`. */
  | { readonly kind: 'reluGrad' }
  /** `x -> x > 0 ? x : slope * x`, and `(dy, x) -> dy * (x > 0 ? 1 : slope)`. */
  | { readonly kind: 'leakyRelu' | 'leakyReluGrad'; readonly slope: number }
  | { readonly kind: 'matmul'; readonly transposeA: boolean; readonly transposeB: boolean }
  /** `(x [n,h,w,i], filter [kh,kw,i,o]) -> [n,h',w',o]`; a cross-correlation, as the field calls convolution. */
  | ({ readonly kind: 'conv2d' } & Convolution)
  /** `(dy, filter) -> dx`, the adjoint of conv2d in `x`; `inputSize` is the [h,w] of `x`. */
  | ({ readonly kind: 'conv2dInputGrad'; readonly inputSize: readonly [number, number] } & Convolution)
  /** `(x, dy) -> dfilter`, the adjoint of conv2d in the filter; `filterSize` is its [kh,kw]. */
  | ({ readonly kind: 'conv2dFilterGrad'; readonly filterSize: readonly [number, number] } & Convolution)
  | ({ readonly kind: 'avgPool' | 'maxPool' } & Pooling)
  /** `dy -> dx`, the adjoint of avgPool. */
  | ({ readonly kind: 'avgPoolGrad'; readonly inputSize: readonly [number, number] } & Pooling)
  /** `(x, y, dy) -> dx`: each `dy` goes to the first maximum of its window. `y` is `maxPool(x)`. */
  | ({ readonly kind: 'maxPoolGrad' } & Pooling)
  /** `(x, y, dx) -> dy`, the adjoint of maxPoolGrad in `dy`: takes what lies at the first maximum. */
  | ({ readonly kind: 'maxPoolGradGrad' } & Pooling)
  /** Sums along axes, which stay with extent 1. */
  | { readonly kind: 'reduceSum'; readonly axes: readonly number[] }
  | { readonly kind: 'broadcastTo' | 'reshape'; readonly shape: Shape }
  /** Axis `a` of the result is axis `permutation[a]` of the input. */
  | { readonly kind: 'transpose'; readonly permutation: readonly number[] };

export type OperationKind = Operation['kind'];
/** The attributes of one kind of operation. */
export type OperationOf<K extends OperationKind> = Extract<Operation, { kind: K }>;
