/**
 * @file The schema of trajectory matching (Cazenavette et al. 2022) and of what later work has added to it.
 * Every addition is off by default.
 */
import * as z from 'zod';
import { count, momentum, rate } from './schema-values.js';

const startEpochGrowth = z
  .strictObject({
    from: count(1, 10_000).describe('Upper bound of the start epochs in the first iteration.'),
    iterations: count(1, 1_000_000).describe('Iterations after which the bound is maxStartEpoch.'),
  })
  .optional()
  .describe(
    'The upper bound of the start epochs grows linearly, so that early, easy epochs are matched first ' +
      '(Guo et al. 2024, sequential generation). Without it, the whole range from the beginning.',
  );

/** Names as in the papers; where they have none, plain words. */
export const mtt = z
  .strictObject({
    // Optional, as it is what a mapping without a name means among all methods.
    name: z
      .literal('mtt')
      .optional()
      .meta({ default: 'mtt', description: 'Matching training trajectories.' }),
    synSteps: count(1, 1000).describe(
      'N: steps of the student on the synthetic images per iteration (MTT, section 3).',
    ),
    expertEpochs: count(1, 1000).describe(
      'M: epochs of the expert that those steps are to match (MTT, section 3).',
    ),
    maxStartEpoch: count(1, 10_000).describe(
      'Start epochs are drawn from minStartEpoch to maxStartEpoch - 1 (MTT, section 3).',
    ),
    minStartEpoch: count(0, 9999)
      .default(0)
      .describe(
        'First start epoch: early epochs suit few images per class, late ones many (Guo et al. 2024).',
      ),
    startEpochGrowth,
    expertsPerStep: count(1, 100)
      .default(1)
      .describe('Experts matched per iteration, each from its own start epoch; their losses are averaged.'),
    lrImg: rate().describe('Learning rate of the pixels; published 100 to 10,000.'),
    lrLr: z
      .number()
      .min(0)
      .max(1e9)
      .describe(
        "Learning rate of the student's learning rate, which is learned with the images (MTT, section 3); 0 keeps it.",
      ),
    lrInit: rate()
      .default(0.01)
      .describe("The student's learning rate at the start; published 0.01 or 0.001."),
    lrFloor: rate()
      .default(1e-6)
      .describe("The student's learning rate never falls below this, as it may turn negative otherwise."),
    momentum: momentum().default(0.5).describe('Momentum of all updates; published 0.5.'),
    batchSyn: count(1, 1_000_000)
      .optional()
      .describe(
        'Synthetic images per student step, which bounds the memory (MTT, section 3.3); without it, all.',
      ),
    labels: z
      .enum(['fixed', 'learned'])
      .default('fixed')
      .describe(
        'Labels: "fixed" classes, or "learned" class probabilities that start from what an expert says of the ' +
          'images (Sucholutsky and Schonlau 2021; Guo et al. 2024).',
      ),
    lrLabels: rate().optional().describe('Learning rate of the label logits; with labels: learned only.'),
    emaDecay: momentum()
      .optional()
      .describe(
        'Decay of the running average of the images; candidates and the result are the average ' +
          '(Polyak and Juditsky 1992). Without it, the images themselves.',
      ),
    skipAbove: rate()
      .optional()
      .describe(
        'A match with a larger loss changes nothing: the student has run away from the expert ' +
          '(threshold in Guo et al. 2024). Without it, every match counts.',
      ),
    keepFraction: z
      .number()
      .gt(0)
      .max(1)
      .default(1)
      .describe(
        'Share of the parameters that count in the loss; those farthest from the expert are dropped ' +
          '(Li et al. 2023, parameter pruning).',
      ),
  })
  .describe('The method and its hyper-parameters, named as in the paper.');
