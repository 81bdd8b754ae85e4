/**
 * @file The schema of a definition: the one source of what may be written, with meaning, bounds and
 * defaults. Values are checked after expressions are resolved; the JSON Schema for editors is made from it.
 */
import * as z from 'zod';
import { maximumParameters } from './limits.js';
import { network } from './schema-networks.js';
import { noStageTypes, type StageTypes } from './custom-stages.js';
import { stage } from './schema-stages.js';
import { count, name, named, plannedIdPattern, tags } from './schema-values.js';

const parameterType = z.enum(['string', 'integer', 'number', 'boolean']);
const parameterValue = z.union([z.string().max(1000), z.number(), z.boolean()]);

export const parameter = z
  .strictObject({
    type: parameterType.describe('Kind of value.'),
    default: parameterValue.optional().describe('Value when none is given; without it, one must be given.'),
    minimum: z.number().optional().describe('Smallest permitted number.'),
    maximum: z.number().optional().describe('Largest permitted number.'),
    enum: z.array(parameterValue).min(1).max(100).optional().describe('The permitted values.'),
    description: z.string().max(1000).optional().describe('What it is for.'),
  })
  .describe('A parameter, used as ${{ params.NAME }}.');
export type ParameterDeclaration = z.output<typeof parameter>;

export const parameters = z
  .record(named('parameter'), parameter)
  .refine((declared) => Object.keys(declared).length <= maximumParameters, {
    error: `a pipeline has at most ${maximumParameters} parameters`,
  });

const datasetName = name('the name of a data set');

const dataset = z.union([
  datasetName,
  z
    .strictObject({
      source: datasetName.describe('Name of an imported data set, or "fashion-mnist".'),
      limit: count(1, 100_000_000)
        .optional()
        .describe('Training images used, drawn by the seed; without it, all that are not held out.'),
      holdout: count(1, 100_000_000)
        .default(2000)
        .describe('Training images set aside, never trained on, to choose the reported iteration.'),
      zca: z
        .boolean()
        .default(false)
        .describe(
          'Train on ZCA-whitened images in place of normalised ones, as for most CIFAR runs of the paper.',
        ),
    })
    .describe('The data set and how it is split.'),
]);

const fragmentPath = z.string().min(1).max(1000);

const head = {
  name: name('a name').describe('Name of the pipeline.'),
  description: z.string().max(2000).optional().describe('What it is for; not used otherwise.'),
  include: z
    .union([fragmentPath, z.array(fragmentPath).max(64)])
    .optional()
    .describe(
      'Files whose keys are merged into this definition, by the command line; what is written here wins.',
    ),
  tags: tags('a pipeline')
    .optional()
    .describe('To find its runs by: shown by list, and a search attribute where that is registered.'),
  params: parameters.optional().describe('Values that can be given at the start.'),
  seed: count(0, Number.MAX_SAFE_INTEGER).default(1).describe('All randomness follows from it.'),
  dataset: dataset.describe('The images to distil.'),
  network: network.prefault('ConvNet').describe('Network of the experts and of the distillation.'),
};

/** As it is written. */
export const definition = (types: StageTypes) =>
  z.strictObject({
    ...head,
    stages: stagesBy(name('the id of a stage'), types).describe(
      'The work, by id of the stage; the order follows from what the stages need.',
    ),
  });

/** The same once every matrix is expanded. */
const expanded = (types: StageTypes) =>
  z.strictObject({
    ...head,
    // Written ids are checked as such where matrices are expanded.
    stages: stagesBy(
      z.string().regex(plannedIdPattern, {
        error:
          'the id of a stage is made of a-z, 0-9 and "-", begins with a letter and has at most 63 characters',
      }),
      types,
    ),
  });

function stagesBy(id: z.ZodString, types: StageTypes) {
  return z
    .record(id, stage(types))
    .refine((stages) => Object.keys(stages).length > 0, { error: 'a pipeline has at least one stage' });
}

const plain = expanded(noStageTypes);

/** @param types of stages, beside those that come with distillery; without any the schema is made once */
export function expandedDefinition(types: StageTypes): typeof plain {
  return types.size === 0 ? plain : expanded(types);
}

/** A definition with its defaults. */
export type Definition = z.output<typeof plain>;
export type StageDefinition = Definition['stages'][string];
