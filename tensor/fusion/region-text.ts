/**
 * @file Small parts of a region's text: registers, numbers, shapes.
 */
import type { Node } from '../graph.js';
import type { Shape } from '../shape.js';

/** Hands out registers of one kind by number. */
export class Registers {
  readonly #free: number[] = [];
  count = 0;

  take(): number {
    return this.#free.pop() ?? this.count++;
  }

  give(register: number): void {
    this.#free.push(register);
  }
}

/** The number that an operation has. */
export function numberOf({ operation }: Node): number {
  switch (operation.kind) {
    case 'scale':
      return operation.factor;
    case 'addScalar':
      return operation.addend;
    case 'leakyRelu':
    case 'leakyReluGrad':
      return operation.slope;
    default:
      return 0;
  }
}

/** A float32 by its bits: what the kernel reads depends on no locale and no rounding. */
export function bitsOf(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
}

/** A shape with leading extents of 1 up to four. */
export function aligned(shape: Shape): number[] {
  return [...Array.from({ length: 4 - shape.length }, () => 1), ...shape];
}
