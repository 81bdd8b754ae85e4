/**
 * @file Golden cases of SGD: the loss of every step and the parameters after the last.
 */
import { oneHot } from '../batches.js';
import type { NetworkPrograms, ParameterSet } from '../network-programs.js';
import { compare, type Comparison } from './comparison.js';
import { field, goldenParameters } from './field.js';
import type { Expected, SgdCase } from './folder.js';

/** What the cases train on: 16 digits-sized images, ten classes. */
export const SGD_INPUT = { shape: { channels: 1, height: 28, width: 28 }, classes: 10 } as const;
const COUNT = 16;

export function runSgdCase(golden: SgdCase, expected: Expected, programs: NetworkPrograms): Comparison[] {
  const { shape, classes } = SGD_INPUT;
  const size = COUNT * shape.channels * shape.height * shape.width;
  let parameters = programs.upload(goldenParameters(programs.network.parameters));
  let velocity: ParameterSet | undefined;
  if (golden.momentum > 0) velocity = programs.upload(new Float32Array(programs.network.parameterCount));
  const losses: number[] = [];
  for (let step = 0; step < golden.steps; step++) {
    const labels = Array.from({ length: COUNT }, (_, i) => (i * (step + 3)) % classes);
    const images = Float32Array.from(field(size, 600 + step, -1, 1));
    const batch = { images, count: COUNT, targets: oneHot(labels, classes) };
    const next = programs.sgdStep(parameters, velocity, batch, golden);
    programs.release(parameters, velocity ?? []);
    ({ parameters, velocity } = next);
    losses.push(next.loss);
  }
  const final = programs.download(parameters);
  programs.release(parameters, velocity ?? []);
  return [
    compare('losses', losses, golden.losses, golden.tolerance, 'final'),
    compare('final', final, expected.values('final'), golden.tolerance),
  ];
}
