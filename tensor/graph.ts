/**
 * @file The graph a computation is written as: immutable nodes in static single assignment form, built
 * through one builder that infers shapes, shares equal nodes and simplifies as it goes.
 */
import type { Convolution, Operation, Pooling } from './operation.js';
import { formatShape, repeatedAxes, sameShape, shapeError } from './shape.js';
import type { Shape } from './shape.js';
import { resultShape } from './shape-rules.js';
import { simplify } from './simplify.js';
import { DistilleryError } from '../errors/errors.js';

/** One value. Nodes are numbered in order of creation, so inputs come before their users. */
export interface Node {
  readonly id: number;
  readonly operation: Operation;
  readonly inputs: readonly Node[];
  readonly shape: Shape;
}

/** The order of the operands of a sum or a product does not matter: the older first. */
function inCanonicalOrder(operation: Operation, inputs: readonly Node[]): readonly Node[] {
  const commutes = operation.kind === 'add' || operation.kind === 'mul';
  return commutes ? [...inputs].sort((a, b) => a.id - b.id) : inputs;
}

/** What makes a node: equal keys are one node. */
function keyOf(operation: Operation, inputs: readonly Node[]): string {
  return `${JSON.stringify(operation)} ${inputs.map((input) => input.id).join(' ')}`;
}

export class GraphBuilder {
  readonly #nodes = new Map<string, Node>();
  readonly #inputs = new Map<string, Node>();

  /** How many distinct nodes there are. */
  get size(): number {
    return this.#nodes.size;
  }

  /**
   * The one way to make a node: returns a simpler equivalent or an equal node if there is one.
   * @throws DistilleryError `InvalidDefinition` if the inputs do not fit the operation.
   */
  apply(operation: Operation, ...inputs: readonly Node[]): Node {
    const shape = resultShape(
      operation,
      inputs.map((input) => input.shape),
    );
    const simpler = simplify(this, operation, inputs, shape);
    if (simpler !== undefined) return simpler;
    const ordered = inCanonicalOrder(operation, inputs);
    const key = keyOf(operation, ordered);
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    const node: Node = { id: this.#nodes.size, operation, inputs: ordered, shape };
    this.#nodes.set(key, node);
    return node;
  }

  /** The node of exactly this operation, if it has been made. */
  find(operation: Operation, ...inputs: readonly Node[]): Node | undefined {
    return this.#nodes.get(keyOf(operation, inCanonicalOrder(operation, inputs)));
  }

  /** A tensor given when the program runs. The same name again is the same node. */
  input(name: string, shape: Shape): Node {
    const known = this.#inputs.get(name);
    if (known === undefined) {
      const node = this.apply({ kind: 'input', name, shape });
      this.#inputs.set(name, node);
      return node;
    }
    if (!sameShape(known.shape, shape)) {
      throw shapeError('input', [known.shape, shape], `"${name}" was declared with another shape`);
    }
    return known;
  }

  /** A tensor of one repeated value; a scalar by default. */
  constant(value: number, shape: Shape = []): Node {
    if (!Number.isFinite(value)) {
      throw new DistilleryError('InvalidDefinition', `a constant of a graph must be finite, not ${value}`);
    }
    return this.apply({ kind: 'constant', value, shape });
  }

  add(a: Node, b: Node): Node {
    return this.apply({ kind: 'add' }, a, b);
  }
  sub(a: Node, b: Node): Node {
    return this.apply({ kind: 'sub' }, a, b);
  }
  mul(a: Node, b: Node): Node {
    return this.apply({ kind: 'mul' }, a, b);
  }
  div(a: Node, b: Node): Node {
    return this.apply({ kind: 'div' }, a, b);
  }
  scale(x: Node, factor: number): Node {
    return this.apply({ kind: 'scale', factor }, x);
  }
  addScalar(x: Node, addend: number): Node {
    return this.apply({ kind: 'addScalar', addend }, x);
  }
  exp(x: Node): Node {
    return this.apply({ kind: 'exp' }, x);
  }
  log(x: Node): Node {
    return this.apply({ kind: 'log' }, x);
  }
  /** `1 / sqrt(x)`. */
  rsqrt(x: Node): Node {
    return this.apply({ kind: 'rsqrt' }, x);
  }
  sigmoid(x: Node): Node {
    return this.apply({ kind: 'sigmoid' }, x);
  }
  relu(x: Node): Node {
    return this.apply({ kind: 'relu' }, x);
  }
  leakyRelu(x: Node, slope: number): Node {
    return this.apply({ kind: 'leakyRelu', slope }, x);
  }
  /** Along the last axis of a matrix. */
  softmax(x: Node): Node {
    return this.apply({ kind: 'softmax' }, x);
  }
  /** Along the last axis of a matrix. */
  logSoftmax(x: Node): Node {
    return this.apply({ kind: 'logSoftmax' }, x);
  }
  matmul(a: Node, b: Node, { transposeA = false, transposeB = false } = {}): Node {
    return this.apply({ kind: 'matmul', transposeA, transposeB }, a, b);
  }
  /** NHWC images, HWIO filter. Defaults: stride 1, padding 0. */
  conv2d(x: Node, filter: Node, { stride = 1, padding = 0 }: Partial<Convolution> = {}): Node {
    return this.apply({ kind: 'conv2d', stride, padding }, x, filter);
  }
  avgPool(x: Node, { size, stride }: Pooling): Node {
    return this.apply({ kind: 'avgPool', size, stride }, x);
  }
  maxPool(x: Node, { size, stride }: Pooling): Node {
    return this.apply({ kind: 'maxPool', size, stride }, x);
  }
  /** Sums along axes (default: all), which stay with extent 1. */
  reduceSum(x: Node, axes: readonly number[] = x.shape.map((_, axis) => axis)): Node {
    return this.apply({ kind: 'reduceSum', axes: [...axes].sort((a, b) => a - b) }, x);
  }
  broadcastTo(x: Node, shape: Shape): Node {
    return this.apply({ kind: 'broadcastTo', shape }, x);
  }
  reshape(x: Node, shape: Shape): Node {
    return this.apply({ kind: 'reshape', shape }, x);
  }
  /** Axis `a` of the result is axis `permutation[a]` of the input. */
  transpose(x: Node, permutation: readonly number[]): Node {
    return this.apply({ kind: 'transpose', permutation }, x);
  }

  /** The mean along axes, which stay with extent 1. */
  mean(x: Node, axes: readonly number[]): Node {
    const count = axes.reduce((product, axis) => product * (x.shape[axis] ?? 1), 1);
    return this.scale(this.reduceSum(x, axes), 1 / count);
  }
  /** The sum of all elements, a scalar. */
  sum(x: Node): Node {
    return this.reshape(this.reduceSum(x), []);
  }
  /** The inner product of two tensors of one shape, a scalar. */
  dot(a: Node, b: Node): Node {
    if (!sameShape(a.shape, b.shape)) throw shapeError('dot', [a.shape, b.shape], 'the shapes must be equal');
    return this.sum(this.mul(a, b));
  }
  /**
   * The adjoint of broadcasting from `shape`: sums what was repeated, the batch last, since the sums of each
   * image are often wanted as well.
   */
  sumTo(x: Node, shape: Shape): Node {
    const axes = repeatedAxes(shape, x.shape);
    const inner = axes.filter((axis) => axis > 0);
    return this.reshape(this.reduceSum(this.reduceSum(x, inner), axes), shape);
  }
}

/** One line for messages, e.g. `conv2d -> [8,32,32,16]`. */
export function describeNode(node: Node): string {
  return `${node.operation.kind} -> ${formatShape(node.shape)}`;
}
