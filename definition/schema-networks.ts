/**
 * @file The schema of networks.
 */
import * as z from 'zod';
import { count } from './schema-values.js';
import { shown } from './issues.js';
import { didYouMean } from './suggest.js';

export const architectures = ['ConvNet'] as const;
const announced = ['AlexNet', 'VGG11', 'ResNet18', 'ResNet18_AP', 'MLP', 'LeNet'];

const architecture = z.enum(architectures, {
  error: ({ input }) => {
    if (typeof input !== 'string') return undefined;
    const available = `available: ${architectures.join(', ')}`;
    return announced.includes(input)
      ? `the network ${shown(input)} is not available yet; ${available}`
      : `unknown network ${shown(input)}; ${available}${didYouMean(input, [...architectures, ...announced])}`;
  },
});

const networkOptions = z
  .strictObject({
    architecture: architecture.describe('Kind of network.'),
    depth: count(1, 6).default(3).describe('Blocks of convolution, normalisation, activation and pooling.'),
    width: count(1, 2048).default(128).describe('Filters of each block.'),
    norm: z
      .enum(['none', 'batch', 'layer', 'instance', 'group'])
      .default('instance')
      .describe('Normalisation. "group" has 4 groups.'),
    pool: z.enum(['none', 'max', 'avg']).default('avg').describe('Pooling 2x2 with stride 2.'),
    act: z.enum(['relu', 'leakyrelu', 'sigmoid']).default('relu').describe('Activation.'),
  })
  .describe('A network with its options.');

/** A name alone, or a name with options. */
export const network = z.union([architecture, networkOptions]);
