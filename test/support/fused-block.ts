/**
 * @file A graph with everything a region can hold, and running it: shared by tests and by the processes they
 * start.
 */
import { field } from '../../distillation/golden/field.js';
import { gradients } from '../../tensor/differentiate.js';
import type { Device } from '../../tensor/device.js';
import { GraphBuilder } from '../../tensor/graph.js';
import type { Node } from '../../tensor/graph.js';
import { compile } from '../../tensor/program.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Shape } from '../../tensor/shape.js';

export type Block = (g: GraphBuilder, x: Node, weight: Node, bias: Node) => Node;

export interface BlockGraph {
  readonly outputs: readonly Node[];
  readonly inputs: readonly (readonly [name: string, node: Node])[];
}

/** Two convolutions with a block between, their loss, and what two differentiations make of them. */
export function buildBlockGraph(block: Block, shape: Shape): BlockGraph {
  const channels = shape[3] ?? 1;
  const g = new GraphBuilder();
  const x = g.input('x', shape);
  const filter = g.input('filter', [3, 3, channels, channels]);
  const weight = g.input('weight', [channels]);
  const bias = g.input('bias', [channels]);
  const direction = g.input('direction', filter.shape);
  const inside = block(g, g.conv2d(x, filter, { padding: 1 }), weight, bias);
  const y = g.conv2d(inside, filter, { padding: 1 });
  const loss = g.sum(g.mul(y, y));
  const first = gradients(g, loss, [x, filter, weight, bias]);
  const second = gradients(g, g.dot(direction, first[1] ?? direction), [x, filter, weight, bias]);
  return {
    outputs: [inside, loss, ...first, ...second],
    inputs: Object.entries({ x, filter, weight, bias, direction }),
  };
}

/** What the inputs hold, by name. */
export function blockValues({ inputs }: BlockGraph): Record<string, Float32Array> {
  return Object.fromEntries(
    inputs.map(([name, { shape }], index) => [
      name,
      Float32Array.from(field(sizeOf(shape), index + 1, -1, 1)),
    ]),
  );
}

/** The outputs as a device computes them. */
export function runBlock(device: Device, graph: BlockGraph): Float32Array[] {
  const values = blockValues(graph);
  const tensors = Object.fromEntries(
    graph.inputs.map(([name, { shape }]) => [name, device.upload(values[name] ?? new Float32Array(), shape)]),
  );
  const results = device.run(compile(graph.outputs), tensors);
  const data = results.map((result) => device.download(result));
  device.release(...results, ...Object.values(tensors));
  return data;
}
