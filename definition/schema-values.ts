/**
 * @file The kinds of values that definitions are made of: names, counts, rates, durations, references.
 */
import * as z from 'zod';
import { durationPattern, parseDuration } from './duration.js';
import { OpenExpression, StageReference } from './expressions.js';

export const namePattern = /^[a-z][a-z0-9-]{0,62}$/;
/** Of a stage, or of a cell of its matrix: `distill[ipc=1]`. */
export const plannedIdPattern = /^[a-z][a-z0-9-]{0,62}(\[.*\])?$/;
export const parameterNamePattern = /^[a-zA-Z][a-zA-Z0-9_]{0,62}$/;
const expectedDuration = 'expected a duration such as 30s, 10m or 24h, or a number of seconds';

/** A name as it appears in keys of the store and ids of workflows. */
export const name = (what: string) =>
  z.string().regex(namePattern, {
    error: `${what} is made of a-z, 0-9 and "-", begins with a letter and has at most 63 characters`,
  });

/** A name that expressions can write. */
export const named = (what: string) =>
  z.string().regex(parameterNamePattern, {
    error: `the name of a ${what} is made of letters, digits and "_", begins with a letter and has at most 63 characters`,
  });

/** Texts by name. */
export const tags = (what: string) =>
  z
    .record(named('tag'), z.union([z.string().min(1).max(100), z.number(), z.boolean()]))
    .refine((all) => Object.keys(all).length <= 20, { error: `${what} has at most 20 tags` });

/** A whole number within bounds. */
export const count = (minimum: number, maximum: number) => z.int().min(minimum).max(maximum);

/** A number above 0, such as a learning rate. */
export const rate = () => z.number().gt(0).max(1e9);

export const momentum = () => z.number().min(0).lt(1);

/** Images per step of SGD. */
export const batchSize = () => count(1, 65_536).default(256).describe('Images per step.');

const operations = ['color', 'crop', 'cutout', 'flip', 'scale', 'rotate'] as const;

/** `dsa`, `none` or a list of operations. */
export const augmentation = () =>
  z.union([
    z.enum(['dsa', 'none']),
    z
      .array(z.enum(operations))
      .min(1)
      .refine((list) => new Set(list).size === list.length, { error: 'an operation is listed twice' })
      .meta({ uniqueItems: true }),
  ]);

/** `30s`, `10m`, `24h`, `1d` or a number of seconds; read as seconds. */
export const duration = (minimumSeconds: number, maximumSeconds: number) =>
  z
    .union([z.number(), z.string().regex(durationPattern, { error: expectedDuration })], {
      error: ({ input }) => (input === undefined ? undefined : expectedDuration),
    })
    .transform((value, context) => {
      const seconds = typeof value === 'number' ? value : (parseDuration(value) ?? Number.NaN);
      if (seconds >= minimumSeconds && seconds <= maximumSeconds) return seconds;
      const message = `must be between ${minimumSeconds} s and ${maximumSeconds} s, found ${seconds} s`;
      context.addIssue({ code: 'custom', message, input: value });
      return z.NEVER;
    });

/** True or false, or `${{ … }}` that is one of them when the pipeline runs. */
export const condition = z
  .custom<boolean | OpenExpression>(
    (value) => typeof value === 'boolean' || value instanceof OpenExpression,
    {
      error: ({ input }) =>
        input === undefined
          ? undefined
          : `expected a condition such as "\${{ stages.evaluate.accuracy < 0.6 }}", found ${typeof input === 'string' ? `the text "${input.slice(0, 80)}"` : typeof input === 'number' ? 'a number' : 'something else'}`,
    },
  )
  .meta({
    anyOf: [{ type: 'boolean' }, { type: 'string', pattern: '^\\s*\\$\\{\\{[\\s\\S]*\\}\\}\\s*$' }],
    examples: ['${{ stages.evaluate.accuracy < 0.6 }}'],
  });

/** `${{ stages.ID.OUTPUT }}`; which stage and output is checked with the graph. */
export const outputReference = (example: string) =>
  z
    .custom<StageReference>((value) => value instanceof StageReference, {
      error: ({ input }) => {
        if (input === undefined) return undefined;
        const hint =
          typeof input === 'string' && /^stages\./.test(input) ? `\${{ ${input} }}` : `\${{ ${example} }}`;
        return `expected a reference to a stage's output, such as "${hint}"`;
      },
    })
    .meta({
      type: 'string',
      pattern: '^\\s*\\$\\{\\{[\\s\\S]*\\}\\}\\s*$',
      examples: [`\${{ ${example} }}`],
    });
