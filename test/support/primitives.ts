/**
 * @file A small example of every primitive, so that each rule is tested for each: a primitive without an
 * example does not compile.
 */
import { field } from '../../distillation/golden/field.js';
import type { GraphBuilder, Node } from '../../tensor/graph.js';
import type { OperationKind } from '../../tensor/operation.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Shape } from '../../tensor/shape.js';
import type { Values } from './interpreter.js';

export interface Example {
  readonly inputs: readonly Shape[];
  /** Inputs lie in this range. Default (-2, 2). */
  readonly range?: readonly [number, number];
  build(g: GraphBuilder, inputs: readonly Node[]): Node;
}

const image = [2, 5, 5, 2];
const pooling = { size: 2, stride: 2 };
const convolution = { stride: 2, padding: 1 };

export const examples: Readonly<Record<OperationKind, readonly Example[]>> = {
  input: [{ inputs: [[2, 3]], build: (_, [x]) => x! }],
  constant: [{ inputs: [[2, 3]], build: (g, [x]) => g.mul(x!, g.constant(1.5, [4, 2, 3])) }],
  add: [
    {
      inputs: [
        [2, 3],
        [2, 3],
      ],
      build: (g, [a, b]) => g.add(a!, b!),
    },
    {
      inputs: [
        [2, 1, 3],
        [4, 1],
      ],
      build: (g, [a, b]) => g.add(a!, b!),
    },
  ],
  sub: [{ inputs: [[3], [2, 3]], build: (g, [a, b]) => g.sub(a!, b!) }],
  mul: [
    {
      inputs: [
        [2, 3],
        [1, 3],
      ],
      build: (g, [a, b]) => g.mul(a!, b!),
    },
    { inputs: [[2, 3]], build: (g, [a]) => g.mul(a!, a!) },
  ],
  div: [
    {
      inputs: [
        [2, 3],
        [2, 1],
      ],
      range: [0.5, 2],
      build: (g, [a, b]) => g.div(a!, b!),
    },
  ],
  scale: [{ inputs: [[2, 3]], build: (g, [x]) => g.scale(x!, -1.25) }],
  addScalar: [{ inputs: [[2, 3]], build: (g, [x]) => g.addScalar(x!, 0.75) }],
  exp: [{ inputs: [[2, 3]], build: (g, [x]) => g.exp(x!) }],
  log: [{ inputs: [[2, 3]], range: [0.5, 2], build: (g, [x]) => g.log(x!) }],
  rsqrt: [{ inputs: [[2, 3]], range: [0.5, 2], build: (g, [x]) => g.rsqrt(x!) }],
  sigmoid: [{ inputs: [[2, 3]], build: (g, [x]) => g.sigmoid(x!) }],
  relu: [{ inputs: [[4, 6]], build: (g, [x]) => g.relu(x!) }],
  reluGrad: [
    {
      inputs: [
        [4, 6],
        [4, 6],
      ],
      build: (g, [dy, x]) => g.apply({ kind: 'reluGrad' }, dy!, x!),
    },
  ],
  leakyRelu: [{ inputs: [[4, 6]], build: (g, [x]) => g.leakyRelu(x!, 0.1) }],
  leakyReluGrad: [
    {
      inputs: [
        [4, 6],
        [4, 6],
      ],
      build: (g, [dy, x]) => g.apply({ kind: 'leakyReluGrad', slope: 0.1 }, dy!, x!),
    },
  ],
  softmax: [{ inputs: [[3, 4]], build: (g, [x]) => g.softmax(x!) }],
  logSoftmax: [{ inputs: [[3, 4]], build: (g, [x]) => g.logSoftmax(x!) }],
  matmul: [
    {
      inputs: [
        [2, 3],
        [3, 4],
      ],
      build: (g, [a, b]) => g.matmul(a!, b!),
    },
    {
      inputs: [
        [3, 2],
        [3, 4],
      ],
      build: (g, [a, b]) => g.matmul(a!, b!, { transposeA: true }),
    },
    {
      inputs: [
        [2, 3],
        [4, 3],
      ],
      build: (g, [a, b]) => g.matmul(a!, b!, { transposeB: true }),
    },
    {
      inputs: [
        [3, 2],
        [4, 3],
      ],
      build: (g, [a, b]) => g.matmul(a!, b!, { transposeA: true, transposeB: true }),
    },
  ],
  conv2d: [
    { inputs: [image, [3, 3, 2, 3]], build: (g, [x, f]) => g.conv2d(x!, f!, convolution) },
    { inputs: [image, [3, 2, 2, 1]], build: (g, [x, f]) => g.conv2d(x!, f!) },
    {
      inputs: [
        [1, 4, 4, 1],
        [3, 3, 1, 2],
      ],
      build: (g, [x, f]) => g.conv2d(x!, f!, { padding: 3 }),
    },
  ],
  conv2dInputGrad: [
    {
      inputs: [
        [2, 3, 3, 3],
        [3, 3, 2, 3],
      ],
      build: (g, [dy, f]) => g.apply({ kind: 'conv2dInputGrad', ...convolution, inputSize: [5, 5] }, dy!, f!),
    },
  ],
  conv2dFilterGrad: [
    {
      inputs: [image, [2, 3, 3, 3]],
      build: (g, [x, dy]) =>
        g.apply({ kind: 'conv2dFilterGrad', ...convolution, filterSize: [3, 3] }, x!, dy!),
    },
  ],
  avgPool: [{ inputs: [image], build: (g, [x]) => g.avgPool(x!, pooling) }],
  avgPoolGrad: [
    {
      inputs: [[2, 2, 2, 2]],
      build: (g, [dy]) => g.apply({ kind: 'avgPoolGrad', ...pooling, inputSize: [5, 5] }, dy!),
    },
  ],
  maxPool: [
    { inputs: [image], build: (g, [x]) => g.maxPool(x!, pooling) },
    // Ties: both gradients must send to and take from the same element.
    { inputs: [image], build: (g, [x]) => g.maxPool(g.relu(x!), pooling) },
  ],
  maxPoolGrad: [
    {
      inputs: [image, [2, 2, 2, 2]],
      build: (g, [x, dy]) => {
        const clipped = g.relu(x!);
        return g.apply({ kind: 'maxPoolGrad', ...pooling }, clipped, g.maxPool(clipped, pooling), dy!);
      },
    },
  ],
  maxPoolGradGrad: [
    {
      inputs: [image, image],
      build: (g, [x, dx]) => {
        const clipped = g.relu(x!);
        return g.apply({ kind: 'maxPoolGradGrad', ...pooling }, clipped, g.maxPool(clipped, pooling), dx!);
      },
    },
  ],
  reduceSum: [
    { inputs: [[2, 3, 4]], build: (g, [x]) => g.reduceSum(x!, [0, 2]) },
    { inputs: [image], build: (g, [x]) => g.reduceSum(x!, [1, 2]) },
  ],
  broadcastTo: [{ inputs: [[3, 1]], build: (g, [x]) => g.broadcastTo(x!, [2, 3, 4]) }],
  reshape: [{ inputs: [[2, 3]], build: (g, [x]) => g.reshape(x!, [3, 2, 1]) }],
  transpose: [{ inputs: [[2, 3, 4]], build: (g, [x]) => g.transpose(x!, [2, 0, 1]) }],
};

/** The inputs of an example as nodes `x0`, `x1`, ... and pseudo-random values for them. */
export function place(g: GraphBuilder, example: Example): { nodes: Node[]; values: Values } {
  const [low, high] = example.range ?? [-2, 2];
  const nodes = example.inputs.map((shape, index) => g.input(`x${index}`, shape));
  const values = Object.fromEntries(
    example.inputs.map((shape, index) => [`x${index}`, field(sizeOf(shape), 40 + index, low, high)]),
  );
  return { nodes, values };
}
