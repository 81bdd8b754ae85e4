/**
 * @file The schema of networks.
 */
import * as z from 'zod';
import { shown } from './issues.js';
import { count } from './schema-values.js';
import { didYouMean } from './suggest.js';

/** Without options. */
const plain = ['MLP', 'LeNet', 'AlexNet'] as const;
const normalised = ['VGG11', 'ResNet18', 'ResNet18_AP'] as const;
/** Those that a name alone stands for. */
export const architectures = ['ConvNet', ...plain, ...normalised] as const;

const customName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_.-]{0,62}$/, {
    error:
      'the name of a network is made of letters, digits, "_", "." and "-", begins with a letter and has at most 63 characters',
  })
  .describe('Under which a module of the worker defines the network.');

function unknown(input: string): string {
  const custom = '; a network of your own is { architecture: custom, name: … }';
  return (
    `unknown network ${shown(input)}; available: ${architectures.join(', ')}` +
    (didYouMean(input, architectures) || custom)
  );
}

const architecture = z.enum(architectures, {
  error: ({ input }) => (typeof input === 'string' ? unknown(input) : undefined),
});

const kind = 'Kind of network.';

const convNet = z.strictObject({
  architecture: z.literal('ConvNet').describe(kind),
  depth: count(1, 6).default(3).describe('Blocks of convolution, normalisation, activation and pooling.'),
  width: count(1, 2048).default(128).describe('Filters of each block.'),
  norm: z
    .enum(['none', 'batch', 'layer', 'instance', 'group'])
    .default('instance')
    .describe('Normalisation. "group" has 4 groups.'),
  pool: z.enum(['none', 'max', 'avg']).default('avg').describe('Pooling 2x2 with stride 2.'),
  act: z.enum(['relu', 'leakyrelu', 'sigmoid']).default('relu').describe('Activation.'),
});

const plainNetwork = z.strictObject({ architecture: z.enum(plain).describe(kind) });

const normalisedNetwork = z.strictObject({
  architecture: z.enum(normalised).describe(kind),
  norm: z.enum(['instance', 'batch']).default('instance').describe('Normalisation.'),
});

const customNetwork = z.strictObject({
  architecture: z.literal('custom').describe(kind),
  name: customName,
  options: z
    .record(z.string(), z.union([z.string().max(1000), z.number(), z.boolean()]))
    .default({})
    .describe('Given to the function that defines it.'),
});

const networkOptions = z
  .discriminatedUnion('architecture', [convNet, plainNetwork, normalisedNetwork, customNetwork], {
    error: ({ input }) => {
      if (typeof input !== 'object' || input === null) return undefined;
      const name = (input as { architecture?: unknown }).architecture;
      return typeof name === 'string' ? unknown(name) : undefined;
    },
  })
  .describe('A network with its options.');

/** A name alone, or a name with options. */
export const network = z.union([architecture, networkOptions]);
