/**
 * @file The schema of what is kept of an expert's trajectory, and how.
 */
import * as z from 'zod';
import { count } from './schema-values.js';

/** What each loses of the step between two epochs, by which the matching loss divides. */
const tooCoarse: ReadonlyMap<unknown, string> = new Map([
  ['bf16', '5 %'],
  ['fp16', '0.7 %'],
]);

export const precision = z
  .enum(['fp32', 'fp16-delta'], {
    error: ({ input }) => {
      const lost = tooCoarse.get(input);
      if (lost === undefined) return undefined;
      return (
        `${String(input)} is too coarse: it loses about ${lost} of the step between two epochs, by which the ` +
        'matching loss divides; "fp16-delta" loses 0.02 % and takes hardly more room'
      );
    },
  })
  .default('fp32')
  .describe(
    'How weights are stored: "fp32", or "fp16-delta", the first in float32 and then float16 differences, each to ' +
      'what a reader has of the one before; about half the bytes.',
  );

export const keepEpochs = z
  .union([
    z.literal('all'),
    z.strictObject({ every: count(1, 10_000).describe('Epochs 0, every, 2 x every and so on.') }),
    z
      .array(count(0, 10_000))
      .min(2)
      .max(10_001)
      .refine((list) => list.every((epoch, i) => i === 0 || epoch > (list[i - 1] ?? 0)), {
        error: 'epochs must be listed once each, in rising order',
      }),
  ])
  .default('all')
  .describe(
    'Epochs whose weights are kept: "all", every so many, or a list. Matching starts only from epochs that are ' +
      'kept together with the epoch expertEpochs later.',
  );
