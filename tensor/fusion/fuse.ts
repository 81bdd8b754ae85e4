/**
 * @file A program with its regions put together: fewer steps, of which some make several values.
 */
import type { Node } from '../graph.js';
import type { Program } from '../program.js';
import { divide } from './regions.js';
import type { Region } from './regions.js';
import { writeRegion } from './region-program.js';

/** One thing to run. Slots are those of the program that was fused. */
export interface FusedStep {
  /** What is made; more than one only by a region. */
  readonly nodes: readonly Node[];
  readonly inputs: readonly number[];
  readonly results: readonly number[];
  /** Slots that nothing reads afterwards. Never an input's or an output's of the program. */
  readonly releases: readonly number[];
  /** The text of a region; undefined for a single node. */
  readonly region?: string;
}

type Unit = Omit<FusedStep, 'releases'>;

/** The steps as they are, for devices without kernels. */
export function unfused(program: Program): FusedStep[] {
  return program.steps.map(({ node, inputs, result, releases }) => ({
    nodes: [node],
    inputs,
    results: [result],
    releases,
  }));
}

export function fuse(program: Program): FusedStep[] {
  const division = divide(program);
  const { regionOf } = division;
  const slots = new Map<Node, number>();
  for (const { node, inputs, result } of program.steps) {
    slots.set(node, result);
    node.inputs.forEach((input, index) => slots.set(input, inputs[index] ?? -1));
  }
  const slot = (node: Node): number => slots.get(node) ?? -1;
  const stepOf = new Map(program.steps.map((step) => [step.node, step]));

  const units: Unit[] = [];
  const done = new Set<Node | Region>();
  // A region runs when the first of its results is wanted, so that they wait for their readers no longer than
  // needed.
  const want = (node: Node): void => {
    const region = regionOf.get(node);
    if (done.has(region ?? node)) return;
    done.add(region ?? node);
    if (region === undefined) {
      const step = stepOf.get(node);
      if (step === undefined) return;
      node.inputs.forEach(want);
      units.push({ nodes: [node], inputs: step.inputs, results: [step.result] });
      return;
    }
    const { text, inputs, outputs } = writeRegion(region, division);
    inputs.forEach(want);
    units.push({ nodes: outputs, inputs: inputs.map(slot), results: outputs.map(slot), region: text });
  };
  const outputs = new Set(program.outputs.map((output) => output.slot));
  for (const { node, result } of program.steps) {
    if (regionOf.has(node) ? outputs.has(result) : division.isRootOrBetween(node)) want(node);
  }
  return withReleases(program, units);
}

function withReleases(program: Program, units: readonly Unit[]): FusedStep[] {
  const kept = new Set([...program.inputs, ...program.outputs].map(({ slot }) => slot));
  const lastUse = new Map<number, number>();
  units.forEach(({ inputs, results }, index) => {
    for (const slot of [...results, ...inputs]) lastUse.set(slot, index);
  });
  return units.map((unit, index) => ({
    ...unit,
    releases: [...new Set([...unit.inputs, ...unit.results])].filter(
      (slot) => lastUse.get(slot) === index && !kept.has(slot),
    ),
  }));
}
