/**
 * @file Writes a region as the text that the kernel reads (`kernels/region.h`): registers assigned,
 * instructions in order.
 */
import type { Node } from '../graph.js';
import { sizeOf } from '../shape.js';
import type { Shape } from '../shape.js';
import { formOf } from './fusable.js';
import { isImageInput, isSum, planPhases, productOf, usersOf } from './phases.js';
import type { Phase, PhasePlan } from './phases.js';
import { isPooled } from './regions.js';
import type { Division, Region } from './regions.js';

export interface RegionProgram {
  readonly text: string;
  readonly inputs: readonly Node[];
  readonly outputs: readonly Node[];
}

type Operand = string;

/** Hands out registers of one kind by number. */
class Registers {
  readonly #free: number[] = [];
  count = 0;

  take(): number {
    return this.#free.pop() ?? this.count++;
  }

  give(register: number): void {
    this.#free.push(register);
  }
}

class Writer {
  readonly #plan: PhasePlan;
  readonly #users: Map<Node, number>;
  readonly #roots: ReadonlySet<Node>;
  readonly #inputs: Node[] = [];
  readonly #outputs: readonly Node[];
  readonly #vectors = new Map<Node, number>();
  readonly #vectorLoads: string[] = [];
  readonly #kept = new Map<Node, number>();
  #blocks = 0;

  constructor(
    private readonly region: Region,
    division: Division,
  ) {
    this.#roots = new Set(region.roots);
    this.#outputs = region.roots;
    this.#plan = planPhases(region, division);
    this.#users = usersOf(this.#plan.inside, this.#roots);
    [...this.#plan.kept].forEach((node, index) => this.#kept.set(node, index));
  }

  write(): RegionProgram {
    const prologue = this.#writeVectors(this.#plan.prologue);
    const phases = this.#plan.phases.map((phase) => [
      this.#writeBlocks(phase),
      [...phase.sums.flatMap((sum) => this.#storeVector(sum)), ...this.#writeVectors(phase.vectors)],
    ]);
    const list = (instructions: readonly string[]): string =>
      [instructions.length, ...instructions].join(' ');
    const { full, pool } = this.region.space;
    const counts = [
      this.#blocks,
      this.#kept.size,
      this.#vectors.size,
      this.#inputs.length,
      this.#outputs.length,
    ];
    const text = [
      full.join(' '),
      pool,
      counts.join(' '),
      this.#outputs.map((node) => this.#spaceOf(node)).join(' '),
      phases.length,
      list([...this.#vectorLoads, ...prologue]),
      ...phases.flat().map(list),
    ].join('\n');
    return { text, inputs: this.#inputs, outputs: this.#outputs };
  }

  #spaceOf(node: Node): string {
    if (formOf(node.shape) !== 'image') return 'vector';
    return isPooled(this.region.space, node.shape) ? 'pooled' : 'full';
  }

  #input(node: Node): Operand {
    const known = this.#inputs.indexOf(node);
    return `i${known >= 0 ? known : this.#inputs.push(node) - 1}`;
  }

  #instruction(node: Node, to: Operand, a: Operand, b: Operand = '-'): string {
    const { operation } = node;
    const number =
      operation.kind === 'scale'
        ? operation.factor
        : operation.kind === 'addScalar'
          ? operation.addend
          : operation.kind === 'leakyRelu' || operation.kind === 'leakyReluGrad'
            ? operation.slope
            : 0;
    const name = operation.kind === 'broadcastTo' ? 'copy' : operation.kind;
    return `${name} ${this.#spaceOf(node)} ${to} ${a} ${b} ${bitsOf(number)} 0 0`;
  }

  /** The register of a value that repeats over pixels; loaded before the first pass if it is given. */
  #vector(node: Node): Operand {
    const known = this.#vectors.get(node);
    if (known !== undefined) return `v${known}`;
    const operand = `v${this.#vectors.size}`;
    this.#vectors.set(node, this.#vectors.size);
    if (!this.#plan.inside.has(node)) {
      const [images = 1, , , channels = 1] = aligned(node.shape);
      const perChannel = channels === 1 ? 0 : 1;
      const perImage = images === 1 ? 0 : sizeOf(node.shape) / images;
      this.#vectorLoads.push(
        `loadVector vector ${operand} ${this.#input(node)} - 0 ${perImage} ${perChannel}`,
      );
    }
    return operand;
  }

  #writeVectors(nodes: readonly Node[]): string[] {
    return nodes.flatMap((node) => {
      const [a = '-', b = '-'] = node.inputs.map((input) => this.#vector(input));
      return [this.#instruction(node, this.#vector(node), a, b), ...this.#storeVector(node)];
    });
  }

  #storeVector(node: Node): string[] {
    if (!this.#roots.has(node)) return [];
    return [`storeVector vector o${this.#outputs.indexOf(node)} ${this.#vector(node)} - 0 0 0`];
  }

  #writeBlocks({ images, sums }: Phase): string[] {
    const registers = new Registers();
    const blocks = new Map<Node, number>();
    const operand = (node: Node): Operand => {
      const kept = this.#kept.get(node);
      return kept !== undefined ? `k${kept}` : `b${blocks.get(node) ?? -1}`;
    };
    // Sums are taken as soon as what they add is there, while it is near.
    const work: { node: Node; reads: readonly Node[] }[] = [];
    const waiting = new Set(sums);
    const placed = new Set<Node>();
    const takeSums = (): void => {
      for (const sum of waiting) {
        const reads = productOf(sum, this.#users) ?? sum.inputs;
        if (
          !reads.every((input) => placed.has(input) || (this.#kept.has(input) && !images.includes(input)))
        ) {
          continue;
        }
        waiting.delete(sum);
        work.push({ node: sum, reads });
      }
    };
    takeSums();
    for (const node of images) {
      const inside = this.#plan.inside.has(node);
      const reads = inside ? node.inputs.filter((input) => isImageInput(node, input)) : [];
      work.push({ node, reads });
      placed.add(node);
      takeSums();
    }
    const lastRead = new Map<Node, number>();
    work.forEach(({ node, reads }, index) => {
      if (!isSum(node)) lastRead.set(node, index);
      for (const input of reads) lastRead.set(input, index);
    });
    const release = (nodes: readonly Node[], index: number): void => {
      for (const node of new Set(nodes)) {
        const block = blocks.get(node);
        if (block !== undefined && lastRead.get(node) === index) registers.give(block);
      }
    };
    const lines = work.flatMap(({ node, reads }, index): string[] => {
      if (isSum(node)) {
        const [a, b] = reads.map(operand);
        const space = this.#spaceOf(reads[0] ?? node);
        const line = `${b === undefined ? 'sum' : 'dot'} ${space} ${this.#vector(node)} ${a ?? '-'} ${b ?? '-'} 0 0 0`;
        release(reads, index);
        return [line];
      }
      const pointwise = node.operation.kind !== 'avgPool' && node.operation.kind !== 'avgPoolGrad';
      const operands = this.#plan.inside.has(node)
        ? node.inputs.map((input) => (isImageInput(node, input) ? operand(input) : this.#vector(input)))
        : [];
      // A result may take the place of what is read for the last time, pixel by pixel.
      if (pointwise) release(reads, index);
      if (!this.#kept.has(node)) blocks.set(node, registers.take());
      if (!pointwise) release(reads, index);
      const to = operand(node);
      const [a = '-', b = '-'] = operands;
      const line = this.#plan.inside.has(node)
        ? this.#instruction(node, to, a, node.operation.kind === 'broadcastTo' ? a : b)
        : `load ${this.#spaceOf(node)} ${to} ${this.#input(node)} - 0 0 0`;
      const stores =
        this.#roots.has(node) && this.#firstStore(node)
          ? [`store ${this.#spaceOf(node)} o${this.#outputs.indexOf(node)} ${to} - 0 0 0`]
          : [];
      if (lastRead.get(node) === index) release([node], index);
      return [line, ...stores];
    });
    this.#blocks = Math.max(this.#blocks, registers.count);
    return lines;
  }

  readonly #stored = new Set<Node>();

  /** A root that is computed in several passes is written in the first. */
  #firstStore(node: Node): boolean {
    if (this.#stored.has(node)) return false;
    this.#stored.add(node);
    return true;
  }
}

/** A float32 by its bits: what the kernel reads depends on no locale and no rounding. */
function bitsOf(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
}

function aligned(shape: Shape): number[] {
  return [...Array.from({ length: 4 - shape.length }, () => 1), ...shape];
}

/** A region as the kernel runs it. */
export function writeRegion(region: Region, division: Division): RegionProgram {
  return new Writer(region, division).write();
}
