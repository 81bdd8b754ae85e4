/**
 * @file Writes a region as the text that the kernel reads (`kernels/region.h`): registers assigned,
 * instructions in order.
 */
import type { Node } from '../graph.js';
import { sizeOf } from '../shape.js';
import { formOf } from './fusable.js';
import { isImageInput, isSum } from './instructions.js';
import type { Instruction } from './instructions.js';
import { planPhases } from './phases.js';
import type { Phase, PhasePlan } from './phases.js';
import { aligned, bitsOf, numberOf, Registers } from './region-text.js';
import { isPooled } from './regions.js';
import type { Division, Region } from './regions.js';

export interface RegionProgram {
  readonly text: string;
  readonly inputs: readonly Node[];
  readonly outputs: readonly Node[];
}

type Operand = string;

class Writer {
  readonly #plan: PhasePlan;
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

  /** One line of text: everything that an instruction may have, most of it absent. */
  #line(
    node: Node,
    instruction: Instruction,
    space: string,
    to: Operand,
    operands: readonly Operand[],
  ): string {
    const { aMinus, aTimes, bMinus, bTimes, plus } = instruction;
    const vectors = [aMinus, aTimes, bMinus, bTimes, plus].map((vector) =>
      vector ? this.#vector(vector) : '-',
    );
    const [a = '-', b = '-'] = operands;
    return [instruction.name, space, to, a, b, ...vectors, bitsOf(numberOf(node)), 0, 0].join(' ');
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
        `loadVector vector ${operand} ${this.#input(node)} - - - - - - 0 ${perImage} ${perChannel}`,
      );
    }
    return operand;
  }

  #writeVectors(nodes: readonly Node[]): string[] {
    return nodes.flatMap((node) => {
      const instruction = { name: node.operation.kind, operands: node.inputs };
      const operands = node.inputs.map((input) => this.#vector(input));
      const line = this.#line(node, instruction, 'vector', this.#vector(node), operands);
      return [line, ...this.#storeVector(node)];
    });
  }

  #storeVector(node: Node): string[] {
    if (!this.#roots.has(node)) return [];
    return [`storeVector vector ${this.#output(node)} ${this.#vector(node)} - - - - - - 0 0 0`];
  }

  #writeBlocks({ images, sums }: Phase): string[] {
    const { inside } = this.#plan;
    const registers = new Registers();
    const blocks = new Map<Node, number>();
    const outside = new Map<Node, Operand>();
    const place = (node: Node): Operand => {
      const kept = this.#kept.get(node);
      return kept !== undefined ? `k${kept}` : (outside.get(node) ?? `b${blocks.get(node) ?? -1}`);
    };
    const work = this.#order(images, sums);
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
      const instruction = this.#plan.instructionOf(node);
      const operands = instruction.operands.map((operand) => {
        if (!isImageInput(node, operand)) return this.#vector(operand);
        return inside.has(operand) ? place(operand) : this.#input(operand);
      });
      if (isSum(node)) {
        const space = this.#spaceOf(reads[0] ?? node);
        release(reads, index);
        return [this.#line(node, instruction, space, this.#vector(node), operands)];
      }
      const pointwise = node.operation.kind !== 'avgPool' && node.operation.kind !== 'avgPoolGrad';
      // A result may take the place of what is read for the last time, pixel by pixel.
      if (pointwise) release(reads, index);
      const stored = this.#roots.has(node) && this.#isFirstStore(node);
      const readLater = lastRead.get(node) !== index || this.#kept.has(node);
      if (stored && !readLater) outside.set(node, this.#output(node));
      else if (!this.#kept.has(node)) blocks.set(node, registers.take());
      if (!pointwise) release(reads, index);
      const space = this.#spaceOf(node);
      const line = this.#line(node, instruction, space, place(node), operands);
      release([node], index);
      if (!stored || !readLater) return [line];
      return [
        line,
        this.#line(node, { name: 'copy', operands: [] }, space, this.#output(node), [place(node)]),
      ];
    });
    this.#blocks = Math.max(this.#blocks, registers.count);
    return lines;
  }

  /** A phase's images and sums; a sum as soon as what it adds is there, while that is near. */
  #order(images: readonly Node[], sums: readonly Node[]): { node: Node; reads: readonly Node[] }[] {
    const readsOf = (node: Node): Node[] =>
      this.#plan.instructionOf(node).operands.filter((operand) => isImageInput(node, operand));
    const work: { node: Node; reads: readonly Node[] }[] = [];
    const waiting = new Set(sums);
    const open = new Set(images);
    const takeSums = (): void => {
      for (const sum of waiting) {
        const reads = readsOf(sum);
        if (reads.some((input) => open.has(input))) continue;
        waiting.delete(sum);
        work.push({ node: sum, reads });
      }
    };
    takeSums();
    for (const node of images) {
      open.delete(node);
      work.push({ node, reads: readsOf(node) });
      takeSums();
    }
    return work;
  }

  #output(node: Node): Operand {
    return `o${this.#outputs.indexOf(node)}`;
  }

  readonly #stored = new Set<Node>();

  /** A root that is computed in several passes is written in the first. */
  #isFirstStore(node: Node): boolean {
    if (this.#stored.has(node)) return false;
    this.#stored.add(node);
    return true;
  }
}

/** A region as the kernel runs it. */
export function writeRegion(region: Region, division: Division): RegionProgram {
  return new Writer(region, division).write();
}
