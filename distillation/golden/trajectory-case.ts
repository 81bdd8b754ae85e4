/**
 * @file Golden cases of the trajectory gradient: mini-batches, augmentation, soft labels, many steps.
 */
import { FloatImages, oneHot, pixelsOf } from '../batches.js';
import { matchTrajectory } from '../matching.js';
import type { StudentStep } from '../unroll.js';
import type { NetworkPrograms } from '../network-programs.js';
import { syntheticLabels } from '../synthetic-set.js';
import { compare, type Comparison } from './comparison.js';
import { field, goldenParameters } from './field.js';
import type { Expected, TrajectoryCase } from './folder.js';

export function runTrajectoryCase(
  golden: TrajectoryCase,
  expected: Expected,
  programs: NetworkPrograms,
): Comparison[] {
  const { classes, ipc, alpha, tolerance } = golden;
  const { input, parameters, parameterCount } = programs.network;
  const theta0 = goldenParameters(parameters);
  const direction = field(parameterCount, 400, -1, 1);
  const target = theta0.map((value, i) => value + 0.02 * (direction[i] ?? 0));
  const count = classes * ipc;
  const images = Float32Array.from(field(count * pixelsOf(input), 401, -1.2, 1.2));
  const targets = golden.labels.startsWith('soft')
    ? Float32Array.from(expected.values('Y'))
    : oneHot(syntheticLabels(classes, ipc), classes);
  const steps = golden.steps.map(({ indices, augmentation }, index): StudentStep => {
    const drawn = augmentation && {
      operation: augmentation,
      draws: expected.numbered(`step.${index}.draw`),
    };
    return { indices: Uint32Array.from(indices), augmentation: drawn ?? undefined };
  });

  const synthetic = new FloatImages(input, classes, images, targets);
  const match = matchTrajectory({ programs, theta0, target, synthetic, steps, alpha });

  const norm = Math.sqrt(match.thetaN.reduce((sum, value) => sum + value * value, 0));
  // The stream of this projection is not in golden.json; it was found by its values.
  const probe = field(parameterCount, 403, -1, 1);
  const projection = match.thetaN.reduce((sum, value, i) => sum + value * (probe[i] ?? 0), 0);
  return [
    compare('loss', [match.loss], expected.values('loss'), tolerance),
    compare(
      'student losses',
      match.studentLosses,
      golden.steps.map(({ loss }) => loss),
      tolerance,
      'loss',
    ),
    compare('dX', match.dX, expected.values('dX'), tolerance),
    compare('dalpha', [match.dAlpha], expected.values('dalpha'), tolerance),
    compare('theta_N_norm', [norm], expected.values('theta_N_norm'), tolerance),
    compare('theta_N_dot', [projection], expected.values('theta_N_dot'), tolerance),
  ];
}
