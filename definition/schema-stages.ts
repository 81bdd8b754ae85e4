/**
 * @file The schema of stages: what every stage may say, and the configuration of each type. Defaults are
 * those of the published method.
 */
import * as z from 'zod';
import { customUses, type CustomUses, type StageSignature, type StageTypes } from './custom-stages.js';
import { keepEpochs, precision } from './schema-trajectories.js';
import { fullTraining } from './schema-full.js';
import { network } from './schema-networks.js';
import { matrix } from './schema-matrix.js';
import { priority, resources } from './schema-resources.js';
import { condition } from './schema-values.js';
import { distillMethod } from './schema-methods.js';
import { select } from './schema-coresets.js';
import { didYouMean } from './suggest.js';
import {
  augmentation as augmentationOperations,
  batchSize as imagesPerStep,
  count,
  duration,
  momentum,
  name,
  outputReference,
  rate,
  tags,
} from './schema-values.js';
import { unknownCustomType } from './unknown-types.js';

const day = 86_400;

const augmentation = augmentationOperations()
  .default('dsa')
  .describe(
    'Differentiable siamese augmentation: "dsa" (all that suit the data set), a list of operations, or "none".',
  );

const batchSize = imagesPerStep();

const trainExperts = z
  .strictObject({
    // Their references travel in one message, of which Temporal limits the size.
    count: count(1, 5000).describe('Networks trained, each from its own initialisation.'),
    epochs: count(1, 10_000).default(50).describe('Epochs each is trained.'),
    precision,
    keepEpochs,
    lr: rate().default(0.01).describe('Learning rate.'),
    momentum: momentum().default(0).describe('Momentum of SGD.'),
    weightDecay: z.number().min(0).max(1).default(0).describe('Weight decay of SGD.'),
    batchSize,
    augmentation,
  })
  .describe('Experts: networks trained on the real images, whose trajectories are matched.');

const selection = z
  .strictObject({
    every: count(1, 1_000_000)
      .optional()
      .describe('A candidate every so many iterations, and the last; by default five, at least 50 apart.'),
    runs: count(1, 100).default(1).describe('Networks trained on each candidate.'),
    epochs: count(1, 100_000).default(300).describe('Epochs of each training.'),
  })
  .prefault({})
  .describe('How the reported iteration is chosen, on held-out images.');

const starts = ['real', 'noise'] as const;

function wrongStart({ input }: { readonly input?: unknown }): string {
  const isBare = typeof input === 'string' && input.startsWith('stages.');
  const images = `\${{ ${isBare ? input : 'stages.coreset.result'} }}`;
  const hint = typeof input === 'string' ? didYouMean(input, starts) : '';
  return `expected "real", "noise" or the images of a select, distill or custom stage, such as "${images}"${hint}`;
}

const distill = z
  .strictObject({
    trajectories: outputReference('stages.experts.trajectories')
      .optional()
      .describe('The experts to match; required for the method mtt, and only for it.'),
    method: distillMethod,
    ipc: count(1, 10_000).describe('Synthetic images per class.'),
    iterations: count(1, 1_000_000).default(5000).describe('Updates of the synthetic images.'),
    init: z
      .union([z.enum(starts), outputReference('stages.coreset.result')], { error: wrongStart })
      .default('real')
      .describe('Start from random real images of the class, from noise, or from those of another stage.'),
    augmentation,
    selection,
  })
  .describe('Distillation of the data set into a few synthetic images.');

const evaluate = z
  .strictObject({
    dataset: outputReference('stages.distill.result').describe(
      'The distilled or selected images to evaluate.',
    ),
    networks: z
      .union([z.array(network).min(1).max(32), z.literal('cross-architecture')])
      .optional()
      .describe(
        `Networks to train on the images; by default the pipeline's own. "cross-architecture" is that and ConvNet, ResNet18, VGG11 and AlexNet.`,
      ),
    runs: count(1, 1000).default(5).describe('Fresh networks per architecture.'),
    epochs: count(1, 100_000).default(1000).describe('Epochs of each training.'),
    lr: z
      .union([z.literal('learned'), rate()])
      .default('learned')
      .describe('Learning rate: "learned" takes the one stored with the images.'),
    momentum: momentum().default(0.9).describe('Momentum of SGD.'),
    weightDecay: z.number().min(0).max(1).default(5e-4).describe('Weight decay of SGD.'),
    batchSize,
    augmentation,
    baselines: z
      .array(z.enum(['random', 'full']))
      .max(2)
      .refine((list) => new Set(list).size === list.length, { error: 'a baseline is listed twice' })
      .meta({ uniqueItems: true })
      .default(['random'])
      .describe(
        'Also train on as many random real images ("random") and on the whole training set ("full"), for comparison; [] for none.',
      ),
    baselineLr: rate().default(0.01).describe('Learning rate of the baseline "random".'),
    full: fullTraining.optional(),
  })
  .refine(({ baselines, full }) => full === undefined || baselines.includes('full'), {
    path: ['full'],
    error:
      'says how the baseline "full" is trained, which is not among the baselines; add it: baselines: [random, full]',
  })
  .describe('Training of fresh networks on the distilled images, tested on the test set.');

const report = z
  .strictObject({ title: z.string().min(1).max(200).optional().describe('Heading; by default the name.') })
  .prefault({})
  .describe('The report and the result folder.');

const retry = z
  .strictObject({
    failures: count(0, 1000)
      .default(3)
      .describe('Errors of the work that are tried again, per unit of work.'),
    preemptions: z
      .union([z.literal('unlimited'), count(0, 1_000_000)])
      .default('unlimited')
      .describe('Lost or leaving workers that are made up for, per unit of work.'),
    backoff: duration(0, 300).default(5).describe('First wait between failures; it doubles up to 5 minutes.'),
  })
  .prefault({})
  .describe('How often work is tried again.');

const common = {
  matrix: matrix.optional(),
  when: condition
    .optional()
    .describe('Whether the stage runs: ${{ … }} over parameters, the matrix and numbers of other stages.'),
  needs: z
    .union([name('the id of a stage'), z.array(name('the id of a stage')).max(256)])
    .optional()
    .describe('Stages that must finish first. A reference to an output implies it.'),
  maxParallel: count(1, 1000).default(4).describe('Units of work at once.'),
  retry,
  timeout: duration(1, 30 * day)
    .default(day)
    .describe('Limit of one attempt at a unit of work.'),
  stallTimeout: duration(1, day)
    .default(300)
    .describe('A unit without progress for so long is stopped and tried again.'),
  heartbeatTimeout: duration(3, 3600)
    .default(10)
    .describe('A worker that is silent for so long counts as lost, and its work goes on elsewhere.'),
  onFailure: z
    .enum(['fail', 'wait', 'continue'])
    .default('fail')
    .describe(
      'When the stage has failed: "fail" the pipeline, "wait" for a retry, or "continue" without the stages that need it.',
    ),
  cache: z.boolean().default(true).describe('Whether an earlier result of the same work is used.'),
  resources: resources.optional().describe('What the stage asks of the workers that compute for it.'),
  priority: priority
    .optional()
    .describe('Which of several waiting stages goes first: 1 before 5; without it, 3.'),
  tags: tags('a stage')
    .optional()
    .describe(
      'To find its workflow by, over the tags of the pipeline: a search attribute where that is registered.',
    ),
};

const chunk = z
  .strictObject({
    iterations: count(1, 1_000_000)
      .default(100)
      .describe('Iterations per chunk; changes nothing in the result.'),
  })
  .prefault({})
  .describe('Distillation is done in chunks, each of which ends in a checkpoint.');

const uses = <Type extends string>(type: Type) => z.literal(type).describe('Type of the stage.');

const builtin = [
  z.strictObject({ uses: uses('train-experts'), ...common, with: trainExperts }),
  z.strictObject({ uses: uses('distill'), ...common, with: distill, chunk }),
  z.strictObject({ uses: uses('select'), ...common, with: select }),
  z.strictObject({ uses: uses('evaluate'), ...common, with: evaluate }),
  z.strictObject({ uses: uses('report'), ...common, with: report }),
] as const;

/** What stands under `with`, by type. */
export const settings = { 'train-experts': trainExperts, distill, select, evaluate, report } as const;

/** A type that the owner of the workers has added; its settings are checked by its own schema. */
const custom = ({ name: type, inputs }: StageSignature) => {
  const own: z.ZodType<Record<string, unknown>> = inputs;
  return z.strictObject({
    uses: uses<CustomUses>(customUses(type)),
    ...common,
    with: inputs.safeParse({}).success ? own.prefault({}) : own,
  });
};

/** Stages of the types that come with distillery, and of those that were added. */
export const stage = (types: StageTypes) =>
  z.discriminatedUnion('uses', [...builtin, ...[...types.values()].map(custom)], {
    error: ({ input }) => {
      const named = typeof input === 'object' && input !== null && 'uses' in input ? input.uses : undefined;
      return typeof named === 'string' ? unknownCustomType(named, types) : undefined;
    },
  });
