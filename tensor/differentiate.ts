/**
 * @file Reverse-mode differentiation of a graph into the same graph. What comes out is ordinary nodes, so
 * differentiating twice is calling it twice.
 */
import type { GraphBuilder, Node } from './graph.js';
import { gradientOfInput } from './gradient-rules.js';
import { formatShape, sameShape, shapeError } from './shape.js';

/** Everything the outputs depend on, themselves included, inputs before users. */
export function ancestors(outputs: readonly Node[]): Node[] {
  const seen = new Set<Node>();
  const open = [...outputs];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    open.push(...node.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/**
 * The gradient of a scalar to each of `wrt`, or for an output of any shape the product of `seed` with its
 * Jacobian. Nodes that the output does not depend on get zeros.
 *
 * @param seed - Gradient that reaches `output`; its shape. Default 1, for a scalar output.
 */
export function gradients(g: GraphBuilder, output: Node, wrt: readonly Node[], seed?: Node): Node[] {
  const start = seed ?? g.constant(1);
  if (!sameShape(start.shape, output.shape)) {
    const problem = `the gradient that reaches an output of shape ${formatShape(output.shape)} must have its shape`;
    throw shapeError('gradients', [start.shape], problem);
  }
  const wanted = new Set(wrt);
  const path = new Set<Node>();
  const order = ancestors([output]);
  for (const node of order) {
    if (wanted.has(node) || node.inputs.some((input) => path.has(input))) path.add(node);
  }
  const reached = new Map<Node, Node>([[output, start]]);
  for (const node of order.reverse()) {
    const dy = reached.get(node);
    if (dy === undefined || !path.has(node)) continue;
    node.inputs.forEach((input, index) => {
      if (!path.has(input)) return;
      const part = gradientOfInput(g, node, dy, index);
      if (part === undefined) return;
      const sum = reached.get(input);
      reached.set(input, sum === undefined ? part : g.add(sum, part));
    });
  }
  return wrt.map((node) => reached.get(node) ?? g.constant(0, node.shape));
}
