/**
 * @file DSA `scale` and `rotate`: bilinear sampling on an affine grid.
 */
import { drawPerSample, drawsOf, type Augmenter, type Draws } from './augmenter.js';
import { sampleAffine, sampleAffineAdjoint } from './bilinear.js';
import type { DsaOperation } from '../../definition/plan.js';

/** Largest factor of the scale; the smallest is its inverse. */
const SCALE = 1.2;
/** Largest rotation either way. */
const DEGREES = 15;

/** A matrix per sample from the sample's draws. */
function matricesOf(draws: Draws, matrix: (...u: number[]) => readonly number[]): Float64Array {
  const count = drawsOf(draws, 0).length;
  const matrices = new Float64Array(4 * count);
  for (let sample = 0; sample < count; sample++)
    matrices.set(matrix(...draws.map((values) => values[sample] ?? 0)), 4 * sample);
  return matrices;
}

function affine(
  operation: DsaOperation,
  parameters: readonly string[],
  matrix: (...u: number[]) => readonly number[],
): Augmenter {
  return {
    operation,
    parameters,
    draw: (stream, count) => drawPerSample(count, parameters.length, () => stream.uniform()),
    apply: (images, draws, shape) => sampleAffine(images, matricesOf(draws, matrix), shape),
    adjoint: (gradient, draws, shape) => sampleAffineAdjoint(gradient, matricesOf(draws, matrix), shape),
  };
}

/** Factors uniform in [1 / 1.2, 1.2], one for each axis. */
export const scale = affine('scale', ['u for x', 'u for y'], (ux = 0, uy = 0) => {
  const factor = (u: number): number => u * (SCALE - 1 / SCALE) + 1 / SCALE;
  return [factor(ux), 0, 0, factor(uy)];
});

/** An angle uniform in +-15 degrees. */
export const rotate = affine('rotate', ['u'], (u = 0) => {
  const angle = ((2 * u - 1) * DEGREES * Math.PI) / 180;
  return [Math.cos(angle), -Math.sin(angle), Math.sin(angle), Math.cos(angle)];
});
