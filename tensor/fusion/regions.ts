/**
 * @file Divides a program into regions and the nodes between them.
 *
 * What a region computes for others is its roots: images that convolutions read, and all sums over pixels.
 * Everything else is computed again by each region that needs it, from what lies in memory: cheaper than
 * writing it out and reading it back. Two roots share a region if they run over the same images and neither
 * needs the other through a node between regions.
 */
import type { Node } from '../graph.js';
import type { Program } from '../program.js';
import { sameShape } from '../shape.js';
import type { Shape } from '../shape.js';
import { formOf, isFusable } from './fusable.js';

/** The images that a region runs over; `pool` is the side of its pooling windows, 1 if it pools nothing. */
export interface Space {
  readonly full: Shape;
  readonly pool: number;
}

export interface Region {
  readonly space: Space;
  readonly roots: readonly Node[];
}

export interface Division {
  /** The region that makes a root. */
  readonly regionOf: ReadonlyMap<Node, Region>;
  /** What a region must be given: computed by others, or inputs of the program. */
  isRootOrBetween(node: Node): boolean;
}

interface Group {
  readonly space: Space;
  readonly roots: Node[];
}

function keyOf({ full, pool }: Space): string {
  return `${full.join('x')}/${pool}`;
}

/** The space that a node itself calls for. */
function ownSpace({ operation, inputs, shape }: Node): Space | undefined {
  if (operation.kind === 'avgPool') return { full: inputs[0]?.shape ?? [], pool: operation.size };
  if (operation.kind === 'avgPoolGrad') return { full: shape, pool: operation.size };
  return undefined;
}

class Divider {
  readonly #fusable = new Set<Node>();
  readonly #roots = new Set<Node>();
  /** Of nodes that pool or follow from pooling within a region. */
  readonly #spaces = new Map<Node, Space>();
  /** Nodes between regions on the longest way to a node. */
  readonly #depths = new Map<Node, number>();
  #pooled: ReadonlyMap<string, Space> | undefined;
  readonly #keys = new Map<Node, string>();
  readonly #groups = new Map<string, Group>();
  readonly #regionOf = new Map<Node, Group>();

  constructor(private readonly program: Program) {}

  divide(): Division {
    const nodes = this.program.steps.map(({ node }) => node);
    for (const node of nodes)
      if (isFusable(node, (input) => this.#fusable.has(input))) this.#fusable.add(node);
    this.#findRoots(nodes);
    for (const node of nodes) this.#place(node);
    return {
      regionOf: this.#regionOf,
      isRootOrBetween: (node) => !this.#fusable.has(node) || this.#roots.has(node),
    };
  }

  #findRoots(nodes: readonly Node[]): void {
    const outputs = new Set(this.program.outputs.map(({ slot }) => slot));
    for (const { node, result } of this.program.steps) {
      if (this.#fusable.has(node)) {
        if (node.operation.kind === 'reduceSum' || outputs.has(result)) this.#roots.add(node);
      } else {
        for (const input of node.inputs) if (this.#fusable.has(input)) this.#roots.add(input);
      }
    }
    for (const node of nodes) if (this.#fusable.has(node)) this.#findSpace(node);
  }

  /** Finds a node's space from those of its inputs; inputs that do not agree are written out. */
  #findSpace(node: Node): void {
    const inlined = node.inputs.filter((input) => this.#fusable.has(input) && !this.#roots.has(input));
    const own = ownSpace(node);
    const spaces = inlined.flatMap((input) => this.#spaces.get(input) ?? []);
    const wanted = own ?? spaces[0];
    if (wanted === undefined) return;
    const key = keyOf(wanted);
    if (spaces.every((space) => keyOf(space) === key)) {
      this.#spaces.set(node, wanted);
      return;
    }
    for (const input of inlined) if (this.#spaces.has(input)) this.#roots.add(input);
    if (own !== undefined) this.#spaces.set(node, own);
  }

  #place(node: Node): void {
    if (!this.#fusable.has(node)) {
      const inputs = node.inputs.map((input) => this.#depths.get(input) ?? 0);
      this.#depths.set(node, 1 + Math.max(-1, ...inputs));
      return;
    }
    if (!this.#roots.has(node)) return;
    const leaves = this.leavesOf(node);
    const space = this.#spaceOfRoot(node, leaves);
    const key = keyOf(space);
    const depth = Math.max(
      0,
      ...leaves.map((leaf) => {
        const other = this.#keys.get(leaf);
        return (this.#depths.get(leaf) ?? 0) + (other !== undefined && other !== key ? 1 : 0);
      }),
    );
    this.#keys.set(node, key);
    this.#depths.set(node, depth);
    const name = `${key} ${depth}`;
    const group = this.#groups.get(name) ?? { space, roots: [] };
    group.roots.push(node);
    this.#groups.set(name, group);
    this.#regionOf.set(node, group);
  }

  #spaceOfRoot(node: Node, leaves: readonly Node[]): Space {
    const pooling = this.#spaces.get(node);
    if (pooling !== undefined) return pooling;
    const image = node.operation.kind === 'reduceSum' ? node.inputs[0] : node;
    if (image !== undefined && formOf(image.shape) === 'image') return this.#spaceOver(image.shape);
    // A vector goes where the last of the sums it follows from is made.
    let best: Group | undefined;
    let depth = -1;
    for (const leaf of leaves) {
      const group = this.#regionOf.get(leaf);
      if (group !== undefined && (this.#depths.get(leaf) ?? 0) > depth) {
        best = group;
        depth = this.#depths.get(leaf) ?? 0;
      }
    }
    if (best === undefined) throw new Error('a vector of a region follows from none of its sums');
    return best.space;
  }

  /** Of images that are pooled somewhere the space of that pooling, so that what runs over them can share it. */
  #spaceOver(full: Shape): Space {
    this.#pooled ??= new Map([...this.#spaces.values()].map((space) => [space.full.join('x'), space]));
    return this.#pooled.get(full.join('x')) ?? { full, pool: 1 };
  }

  /** What must exist for a root to be computed. */
  leavesOf(root: Node): Node[] {
    const leaves = new Set<Node>();
    const open = [...root.inputs];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (this.#fusable.has(node) && !this.#roots.has(node)) open.push(...node.inputs);
      else leaves.add(node);
    }
    return [...leaves];
  }
}

export function divide(program: Program): Division {
  return new Divider(program).divide();
}

/** Whether a node of a region lies on its pooled images. */
export function isPooled(space: Space, shape: Shape): boolean {
  return space.pool > 1 && !sameShape(shape, space.full);
}
