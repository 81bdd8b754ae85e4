/**
 * @file The schema of distillation methods: trajectory matching, and those that the paper compares it with.
 */
import * as z from 'zod';
import { mtt } from './schema-mtt.js';
import { count, momentum, rate } from './schema-values.js';

const shared = (lrImg: number) => ({
  lrImg: rate().default(lrImg).describe('Learning rate of the pixels.'),
  momentum: momentum().default(0.5).describe('Momentum of their updates.'),
  batchReal: count(1, 65_536).default(256).describe('Real images of each class that are looked at.'),
  lrTrain: rate().default(0.01).describe('Learning rate stored with the images, to train on them with.'),
});

const dm = z
  .strictObject({
    name: z.literal('dm').describe('Distribution matching (Zhao & Bilen 2023).'),
    ...shared(1),
  })
  .describe('Mean features of each class in random networks.');

const gradientMatching = z
  .strictObject({
    name: z
      .enum(['dc', 'dsa'])
      .describe('Gradient matching (Zhao et al. 2021): "dc" without augmentation, "dsa" with it.'),
    ...shared(0.1),
    outerLoops: count(1, 1000)
      .optional()
      .describe('Updates of the images per iteration; by default as published for the ipc: 1, 10, 50.'),
    innerEpochs: count(0, 10_000)
      .optional()
      .describe(
        'Epochs that the network is trained on the images between two updates; by default as published for the ipc: 1, 50, 10.',
      ),
    lrNet: rate().default(0.01).describe('Learning rate of that training.'),
  })
  .describe('Gradients of each class in networks that are trained on the images.');

export const distillMethod = z
  .discriminatedUnion('name', [mtt, dm, gradientMatching])
  .describe('The method and its hyper-parameters.');
