/**
 * @file The method of a plan. What is at its default is left out, so that a definition that does not use an
 * addition to the method names the same work as before there was one.
 */
import type * as z from 'zod';
import type { MttConfig } from './plan.js';
import type { mtt } from './schema-mtt.js';

export function planMethod(method: z.output<typeof mtt>): MttConfig {
  const { synSteps, expertEpochs, maxStartEpoch, lrImg, lrLr, lrInit, lrFloor, momentum } = method;
  const { batchSyn, minStartEpoch, startEpochGrowth, expertsPerStep } = method;
  const { labels, lrLabels, emaDecay, skipAbove, keepFraction } = method;
  return {
    name: 'mtt',
    synSteps,
    expertEpochs,
    maxStartEpoch,
    lrImg,
    lrLr,
    lrInit,
    lrFloor,
    momentum,
    ...(batchSyn !== undefined && { batchSyn }),
    ...(minStartEpoch > 0 && { minStartEpoch }),
    ...(startEpochGrowth && { startEpochGrowth }),
    ...(expertsPerStep > 1 && { expertsPerStep }),
    ...(labels === 'learned' && { labels }),
    ...(lrLabels !== undefined && { lrLabels }),
    ...(emaDecay !== undefined && { emaDecay }),
    ...(skipAbove !== undefined && { skipAbove }),
    ...(keepFraction < 1 && { keepFraction }),
  };
}
