/**
 * @file Shapes and what numpy's broadcasting makes of them.
 */
import { DistilleryError } from '../errors/errors.js';

/** Extents of a tensor, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

export function sizeOf(shape: Shape): number {
  return shape.reduce((size, extent) => size * extent, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

/** `[2,3]`, for messages. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(',')}]`;
}

/** A graph that cannot be: the network asked for does not fit its images or its parameters. */
export function shapeError(operation: string, shapes: readonly Shape[], problem: string): DistilleryError {
  return new DistilleryError(
    'InvalidDefinition',
    `${operation}(${shapes.map(formatShape).join(', ')}): ${problem}`,
  );
}

/** The shape of an element-wise operation on two tensors: axes aligned at the end, extents equal or 1. */
export function broadcastShapes(operation: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw shapeError(operation, [a, b], `axis ${axis} has extents ${x} and ${y}; they must agree or be 1`);
    }
    return x === 1 ? y : x;
  });
}

/** The axes of `to` along which a tensor of shape `from` is repeated when broadcast to it. */
export function repeatedAxes(from: Shape, to: Shape): number[] {
  const lead = to.length - from.length;
  return to.flatMap((extent, axis) =>
    axis < lead || (from[axis - lead] === 1 && extent !== 1) ? [axis] : [],
  );
}

/** `shape` with the given axes reduced to extent 1. */
export function keepDimensions(shape: Shape, axes: readonly number[]): Shape {
  return shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
}
