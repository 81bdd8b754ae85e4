/**
 * @file The schema of select stages: coresets, with the ways to choose them.
 */
import * as z from 'zod';
import { augmentation, batchSize, count, momentum, outputReference, rate } from './schema-values.js';

const method = z
  .discriminatedUnion('name', [
    z.strictObject({ name: z.literal('random').describe('Drawn by the seed.') }),
    z.strictObject({
      name: z.literal('herding').describe('The mean of their features stays nearest to that of the class.'),
    }),
    z.strictObject({
      name: z.literal('k-center').describe('No image of the class is far from all of them, by features.'),
    }),
    z.strictObject({
      name: z.literal('forgetting').describe('Those that a network in training forgets most often.'),
      epochs: count(1, 10_000).default(20).describe('Epochs of the training that counts.'),
      lr: rate().default(0.01).describe('Its learning rate.'),
      momentum: momentum().default(0.9).describe('Its momentum of SGD.'),
      weightDecay: z.number().min(0).max(1).default(5e-4).describe('Its weight decay of SGD.'),
      batchSize: batchSize(),
      augmentation: augmentation().default('none').describe('Its augmentation.'),
    }),
  ])
  .describe('How they are chosen.');

export const select = z
  .strictObject({
    method,
    trajectories: outputReference('stages.experts.trajectories')
      .optional()
      .describe(
        'The experts, of which the first, fully trained, gives the features of herding and k-center.',
      ),
    ipc: count(1, 10_000).describe('Real images per class.'),
    lr: rate().default(0.01).describe('Learning rate stored with the images, to train on them with.'),
  })
  .describe('A coreset: a few of the real images, chosen to stand for all.');
