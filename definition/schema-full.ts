/**
 * @file The schema of the baseline `full`: networks trained on the whole training set, which shows what there is
 * to be had.
 */
import * as z from 'zod';
import { augmentation, batchSize, count, momentum, rate } from './schema-values.js';

export const fullTraining = z
  .strictObject({
    runs: count(1, 1000).default(3).describe('Fresh networks per architecture.'),
    epochs: count(1, 100_000)
      .default(50)
      .describe('Epochs of each; the rate falls to a tenth in the middle.'),
    lr: rate().default(0.01).describe('Learning rate.'),
    momentum: momentum().default(0.9).describe('Momentum of SGD.'),
    weightDecay: z.number().min(0).max(1).default(5e-4).describe('Weight decay of SGD.'),
    batchSize: batchSize(),
    augmentation: augmentation().default('dsa').describe('Augmentation in training.'),
    retrain: z
      .boolean()
      .default(false)
      .describe(
        "Whether to train also the pipeline's own network, where its experts already show what the whole set gives.",
      ),
  })
  .describe('How the networks of the baseline "full" are trained.');

/** What `baselines: [full]` means without more. */
export const defaultFullTraining = fullTraining.parse({});
