/**
 * @file The schema of stages that take their result from another run.
 */
import * as z from 'zod';
import { importedTypes, parseImportSource } from './imports.js';
import { name } from './schema-values.js';

const expected = 'expected the stage of a run, such as "fmnist/experts", or the key of a result, "sha256:…"';
/** What reads as a place in a file system or on a server; a workflow id never needs to. */
const looksLikePath = /^[./~\\]|^[A-Za-z]:\\|:\/\/|\.\.|[\u0000-\u001f\u007f]/;

const source = z
  .string()
  .max(1200)
  .refine((text) => parseImportSource(text) !== undefined, { error: expected, abort: true })
  .refine((text) => !looksLikePath.test(text), {
    error:
      'a result is named by the run that made it, such as "fmnist/experts", never by a path or an address',
    abort: true,
  })
  .transform((text, context) => {
    const parsed = parseImportSource(text);
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: 'custom', message: expected, input: text });
    return z.NEVER;
  });

export const importedStage = z
  .strictObject({
    uses: z.enum(importedTypes).describe('Type of the stage that made the result.'),
    from: source.describe(
      'Whose result it is: the stage of a run, WORKFLOW-ID/STAGE, or the key of a result, sha256:KEY.',
    ),
  })
  .describe('A stage that is not computed: it stands for the result of another run.');

export const importedStages = z.record(name('the id of a stage'), importedStage);
export type ImportedStages = z.output<typeof importedStages>;

/** Divides the stages of a definition, which may still be wrong, into those computed and those taken from elsewhere. */
export function divideStages(stages: unknown): { computed: unknown; imported: Record<string, unknown> } {
  if (!isObject(stages)) return { computed: stages, imported: {} };
  const entries = Object.entries(stages);
  const isImported = ([, stage]: [string, unknown]): boolean =>
    isObject(stage) && Object.hasOwn(stage, 'from');
  return {
    computed: withoutPrototype(entries.filter((entry) => !isImported(entry))),
    imported: withoutPrototype(entries.filter(isImported)),
  };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A stage may be called `constructor`. */
function withoutPrototype(entries: readonly [string, unknown][]): Record<string, unknown> {
  return Object.assign(Object.create(null) as Record<string, unknown>, Object.fromEntries(entries));
}
