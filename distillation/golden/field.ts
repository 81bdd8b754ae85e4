/**
 * @file The numbers that golden cases are made of: a hash of position and stream, so that inputs need not be
 * stored.
 */
import type { ParameterShape } from '../../artifacts/trajectory.js';

const OFFSET = 12345;

/** Uniform in [0,1), for element `k` of a stream. */
function hashed(k: number, stream: number): number {
  let h = (Math.imul(k, 2654435761) + Math.imul(stream, 40503) + OFFSET) >>> 0;
  for (let round = 0; round < 2; round++) h = Math.imul(h ^ (h >>> 16), 0x45d9f3b) >>> 0;
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

/** `count` numbers in `[low, high)`, in row-major order. */
export function field(count: number, stream: number, low: number, high: number): Float64Array {
  const values = new Float64Array(count);
  for (let k = 0; k < count; k++) values[k] = low + (high - low) * hashed(k, stream);
  return values;
}

/** Elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** Parameters by the golden init rule, flat. */
export function goldenParameters(parameters: readonly ParameterShape[]): Float32Array {
  const flat = new Float32Array(parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0));
  let offset = 0;
  parameters.forEach(({ name, shape }, index) => {
    const size = sizeOf(shape);
    const [low, high] = goldenRange(name, shape);
    flat.set(field(size, 1000 + index, low, high), offset);
    offset += size;
  });
  return flat;
}

function goldenRange(name: string, shape: readonly number[]): readonly [number, number] {
  if (shape.length < 2) return name.endsWith('weight') ? [0.8, 1.2] : [-0.2, 0.2];
  const bound = 1 / Math.sqrt(sizeOf(shape.slice(1)));
  return [-bound, bound];
}
