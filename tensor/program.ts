/**
 * @file A graph made ready to run: the nodes that the outputs need, in order, with the point after which each
 * value is no longer needed.
 */
import { bytesMovedBy, bytesOf, flopsOf } from './cost.js';
import { ancestors } from './differentiate.js';
import type { Node } from './graph.js';
import type { OperationOf } from './operation.js';
import type { Shape } from './shape.js';

/** One value to compute. Values live in slots; inputs of the program come first. */
export interface Step {
  readonly node: Node;
  readonly inputs: readonly number[];
  readonly result: number;
  /** Slots that nothing reads after this step. Never an input's or an output's. */
  readonly releases: readonly number[];
}

export interface ProgramInput {
  readonly name: string;
  readonly shape: Shape;
  readonly slot: number;
}

export interface Program {
  readonly inputs: readonly ProgramInput[];
  readonly steps: readonly Step[];
  /** Slots of the outputs, in the order asked for; an output may be an input or appear twice. */
  readonly outputs: readonly { readonly slot: number; readonly shape: Shape }[];
  readonly slots: number;
  /** The most values held at one time beside the inputs, and their bytes (kernels' own scratch aside). */
  readonly peakTensors: number;
  readonly peakBytes: number;
  /** Of convolutions and matrix products. */
  readonly flops: number;
  /** Read and written by all steps, as if nothing stayed in a cache. */
  readonly bytesMoved: number;
}

function isInput(node: Node): node is Node & { readonly operation: OperationOf<'input'> } {
  return node.operation.kind === 'input';
}

/** Schedules what `outputs` need in order of creation, and drops the rest. */
export function compile(outputs: readonly Node[]): Program {
  const nodes = ancestors(outputs);
  const inputNodes = nodes.filter(isInput);
  const computed = nodes.filter((node) => !isInput(node));
  const slotOf = new Map<Node, number>([...inputNodes, ...computed].map((node, slot) => [node, slot]));
  const slot = (node: Node): number => slotOf.get(node) ?? -1;

  const lastUse = new Map<Node, Node>();
  for (const node of computed) for (const input of node.inputs) lastUse.set(input, node);
  const kept = new Set<Node>([...outputs, ...inputNodes]);

  let [liveTensors, liveBytes, peakTensors, peakBytes] = [0, 0, 0, 0];
  const steps = computed.map((node): Step => {
    liveTensors += 1;
    liveBytes += bytesOf(node);
    peakTensors = Math.max(peakTensors, liveTensors);
    peakBytes = Math.max(peakBytes, liveBytes);
    const dead = [...new Set(node.inputs)].filter((input) => lastUse.get(input) === node && !kept.has(input));
    for (const input of dead) {
      liveTensors -= 1;
      liveBytes -= bytesOf(input);
    }
    return { node, inputs: node.inputs.map(slot), result: slot(node), releases: dead.map(slot) };
  });
  const total = (cost: (node: Node) => number): number => computed.reduce((sum, node) => sum + cost(node), 0);

  return {
    inputs: inputNodes.map((node) => ({
      name: node.operation.name,
      shape: node.shape,
      slot: slot(node),
    })),
    steps,
    outputs: outputs.map((node) => ({ slot: slot(node), shape: node.shape })),
    slots: nodes.length,
    peakTensors,
    peakBytes,
    flops: total(flopsOf),
    bytesMoved: total(bytesMovedBy),
  };
}
