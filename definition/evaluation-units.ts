/**
 * @file How many trainings an evaluation is made of, by what is trained on.
 */
import type { EvaluateConfig } from './plan.js';

/** Trainings on as many images as were distilled: the distilled ones, and the random ones beside them. */
export function smallTrainings({ networks, runs, baselines }: EvaluateConfig): number {
  return networks.length * runs * (baselines.includes('random') ? 2 : 1);
}

/** Trainings on the whole training set. */
export function wholeTrainings({ full }: EvaluateConfig): number {
  return full === undefined ? 0 : full.networks.length * full.runs;
}
