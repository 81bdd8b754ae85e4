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

const dd = z
  .strictObject({
    name: z
      .literal('dd')
      .describe('Dataset distillation (Wang et al. 2018): the loss on real images, unrolled.'),
    synSteps: count(1, 1000).default(10).describe('Steps of the student on the synthetic images.'),
    batchSyn: count(1, 1_000_000).optional().describe('Synthetic images per student step; without it, all.'),
    batchReal: count(1, 65_536).default(1024).describe('Real images that measure the student.'),
    lrImg: rate().default(10).describe('Learning rate of the pixels.'),
    lrLr: z.number().min(0).max(1e9).default(1e-4).describe("Learning rate of the student's learning rate."),
    lrInit: rate().default(0.02).describe("The student's learning rate at the start."),
    lrFloor: rate().default(1e-6).describe("The student's learning rate never falls below this."),
    momentum: momentum().default(0.5).describe('Momentum of both updates.'),
  })
  .describe('The loss on real images of random networks after a few steps on the synthetic ones.');

const kip = z
  .strictObject({
    name: z.literal('kip').describe('Kernel inducing points (Nguyen, Chen and Lee 2021).'),
    depth: count(1, 20)
      .default(1)
      .describe('Hidden layers of the infinitely wide, fully connected ReLU network whose kernel it is.'),
    weightVariance: rate()
      .default(2)
      .describe("Variance of that network's weights, over their number to a unit; published 2."),
    biasVariance: z
      .number()
      .min(0)
      .max(1e9)
      .default(0.01)
      .describe('Variance of its biases; published 0.01.'),
    ridge: rate()
      .default(1e-6)
      .describe('Ridge of the regression, in units of the mean diagonal of the kernel; published 1e-6.'),
    lrImg: rate().default(0.04).describe('Learning rate of the pixels, by Adam; published 0.04.'),
    batchReal: count(1, 65_536).default(1024).describe('Real images that measure the regression.'),
    labels: z
      .enum(['fixed', 'learned'])
      .default('fixed')
      .describe('Labels: "fixed" classes, or "learned" with the images.'),
    lrLabels: rate().optional().describe('Learning rate of the labels, by Adam; with labels: learned only.'),
    lrTrain: rate().default(0.01).describe('Learning rate stored with the images, to train on them with.'),
  })
  .describe('The error on real images of kernel ridge regression on the synthetic ones.');

export const distillMethod = z
  .discriminatedUnion('name', [mtt, dd, dm, gradientMatching, kip])
  .describe('The method and its hyper-parameters.');
