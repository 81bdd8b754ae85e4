/**
 * @file Plans a region's passes over its images. A sum over pixels is known only after a pass, so what follows
 * from it waits for the next one. What an earlier pass has computed is kept if it would be dear to compute
 * again.
 */
import type { Node } from '../graph.js';
import { formOf } from './fusable.js';
import { imageInstruction, isImageInput, isSum, sumInstruction } from './instructions.js';
import type { Instruction } from './instructions.js';
import type { Division, Region } from './regions.js';

/** Instructions over a block for a value that is cheaper computed twice than written and read. */
const cheapCost = 2;

/** One pass over the blocks of a tile. */
export interface Phase {
  /** Images to compute, in order. */
  readonly images: Node[];
  /** Sums that this pass completes. */
  readonly sums: Node[];
  /** Vectors that can be computed after it. */
  readonly vectors: Node[];
}

export interface PhasePlan {
  /** Vectors that can be computed before the first pass, inputs first. */
  readonly prologue: readonly Node[];
  readonly phases: readonly Phase[];
  /** Images that later passes take from where the first that computed them left them. */
  readonly kept: ReadonlySet<Node>;
  /** Everything that the region computes; what it reads beside these is given to it. */
  readonly inside: ReadonlySet<Node>;
  /** How an image or a sum is computed. */
  instructionOf(node: Node): Instruction;
}

/** What a region computes, inputs first. */
function nodesInside(region: Region, division: Division): Node[] {
  const roots = new Set(region.roots);
  const inside = new Set<Node>();
  const open = [...region.roots];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (inside.has(node)) continue;
    inside.add(node);
    for (const input of node.inputs)
      if (roots.has(input) || !division.isRootOrBetween(input)) open.push(input);
  }
  return [...inside].sort((a, b) => a.id - b.id);
}

export function planPhases(region: Region, division: Division): PhasePlan {
  const nodes = nodesInside(region, division);
  const inside = new Set(nodes);
  const roots = new Set(region.roots);
  const users = usersOf(inside, roots);
  const instructions = new Map<Node, Instruction>();
  const instructionOf = (node: Node): Instruction => {
    const known = instructions.get(node);
    if (known !== undefined) return known;
    const made = isSum(node) ? sumInstruction(node, inside, users) : imageInstruction(node, inside);
    instructions.set(node, made);
    return made;
  };
  /** What the instruction of a node reads pixel by pixel. */
  const readsOf = (node: Node): Node[] =>
    instructionOf(node).operands.filter((operand) => isImageInput(node, operand));

  const isImage = (node: Node): boolean => formOf(node.shape) === 'image';
  /** The pass that can compute an image or a sum; for a vector how many passes it must wait for. */
  const pass = new Map<Node, number>();
  const cost = new Map<Node, number>();
  for (const node of nodes) {
    let first = 0;
    for (const input of node.inputs) {
      const ready = pass.get(input) ?? 0;
      first = Math.max(first, ready + (inside.has(input) && isSum(input) ? 1 : 0));
    }
    pass.set(node, first);
    if (!isImage(node)) continue;
    cost.set(
      node,
      readsOf(node).reduce((sum, read) => sum + (cost.get(read) ?? 0), 1),
    );
  }
  const passOf = (node: Node): number => pass.get(node) ?? 0;
  const targets = nodes.filter((node) => isSum(node) || (isImage(node) && roots.has(node)));
  const count = 1 + Math.max(-1, ...targets.map(passOf));
  const phases = Array.from({ length: count }, (): Phase => ({ images: [], sums: [], vectors: [] }));
  const prologue: Node[] = [];
  for (const node of nodes) {
    if (isImage(node) || isSum(node)) continue;
    (passOf(node) === 0 ? prologue : (phases[passOf(node) - 1]?.vectors ?? prologue)).push(node);
  }

  const firstPass = new Map<Node, number>();
  const kept = new Set<Node>();
  phases.forEach((phase, number) => {
    const done = new Set<Node>();
    const visit = (node: Node): void => {
      if (done.has(node) || !inside.has(node)) return;
      done.add(node);
      const earlier = firstPass.get(node);
      if (earlier !== undefined && earlier < number && (cost.get(node) ?? 1) > cheapCost) {
        kept.add(node);
        return;
      }
      readsOf(node).forEach(visit);
      if (earlier === undefined) firstPass.set(node, number);
      phase.images.push(node);
    };
    for (const target of targets) {
      if (passOf(target) !== number) continue;
      if (!isSum(target)) visit(target);
      else {
        readsOf(target).forEach(visit);
        phase.sums.push(target);
      }
    }
  });
  return { prologue, phases, kept, inside, instructionOf };
}

/** How many nodes of a region use each of them; being a root counts as one. */
function usersOf(inside: ReadonlySet<Node>, roots: ReadonlySet<Node>): Map<Node, number> {
  const users = new Map<Node, number>();
  for (const node of inside) {
    if (roots.has(node)) users.set(node, (users.get(node) ?? 0) + 1);
    for (const input of new Set(node.inputs)) {
      if (inside.has(input)) users.set(input, (users.get(input) ?? 0) + 1);
    }
  }
  return users;
}
