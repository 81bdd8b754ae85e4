/**
 * @file Types of stages that users add: what one is made of, and how it is written.
 */
import * as z from 'zod';
import type { Reference } from '../artifacts/reference.js';
import { isReference } from '../definition/artifact.js';
import type { StagePlace, StageSignature } from '../definition/custom-stages.js';
import { StageReference } from '../definition/expressions.js';
import type { OutputKind } from '../definition/outputs.js';
import { namePattern } from '../definition/schema-values.js';
import { DistilleryError } from '../errors/errors.js';
import type { ComputeStageContext, StageContext } from './stage-context.js';

/** What an output of each kind is in `run`. */
export interface OutputValues {
  readonly artifact: Reference;
  readonly images: Reference;
  readonly number: number;
  readonly text: string;
  readonly boolean: boolean;
}

/** What `run` is given, by where it runs. */
export interface StageContexts {
  readonly worker: StageContext;
  readonly compute: ComputeStageContext;
}

export interface StageOptions<
  Inputs extends z.ZodObject,
  Outputs extends Readonly<Record<string, OutputKind>>,
  Place extends StagePlace = 'worker',
> {
  /** Definitions say `uses: custom/NAME`: `a-z`, `0-9` and `-`. */
  readonly name: string;
  /** Raise it when the same settings give another result, so that earlier results are not taken for it. Default 1. */
  readonly version?: number;
  /** The settings under `with`, with bounds and defaults; unknown keys are refused. */
  readonly inputs: Inputs;
  /** What it makes, by name: other stages and `when` refer to `${{ stages.ID.NAME }}`. */
  readonly outputs: Outputs;
  /**
   * Where the work is done. `worker`, the default, is the pipeline worker itself: for what mostly waits, and computes
   * no longer than a second at a time. `compute` is the process of a compute worker that training runs in, with the
   * engine: it may compute as long as it likes, and whatever becomes of it, the worker goes on.
   */
  readonly runs?: Place;
  /**
   * Does the work. It may be interrupted at any moment and started again, so it must not matter how often it runs;
   * equal inputs and seed must give equal outputs. Errors are tried again as the stage's `retry` says; throw a
   * `DistilleryError` or an `ApplicationFailure` for one that cannot pass.
   */
  readonly run: (
    inputs: z.output<Inputs>,
    context: StageContexts[Place],
  ) => Promise<{ readonly [Name in keyof Outputs]: OutputValues[Outputs[Name]] }>;
}

/** A type of stage, ready to be given to a worker or to `compile`. */
export interface CustomStageType extends StageSignature {
  /** Checked settings in, outputs out. */
  readonly run: (inputs: never, context: never) => Promise<Readonly<Record<string, unknown>>>;
}

const kinds: readonly OutputKind[] = ['artifact', 'images', 'number', 'text', 'boolean'];
const places: readonly StagePlace[] = ['worker', 'compute'];
const fieldPattern = /^[a-zA-Z][a-zA-Z0-9_]{0,62}$/;
/** Outputs travel in messages, of which Temporal limits the size. */
const mostOutputs = 64;

/**
 * Defines a type of stage of your own.
 *
 * ```ts
 * export default defineStage({
 *   name: 'brightest',
 *   inputs: z.strictObject({ images: artifact(), count: z.int().min(1).default(1) }),
 *   outputs: { mean: 'number' },
 *   async run({ images, count }, { store }) {
 *     const set = await store.readImages(images);
 *     return { mean: set.images.toSorted().slice(-count).reduce((sum, x) => sum + x / count, 0) };
 *   },
 * });
 * ```
 *
 * @throws DistilleryError `InvalidDefinition` when a name or kind is none
 */
export function defineStage<
  Inputs extends z.ZodObject,
  const Outputs extends Readonly<Record<string, OutputKind>>,
  Place extends StagePlace = 'worker',
>({ name, version = 1, inputs, outputs, runs, run }: StageOptions<Inputs, Outputs, Place>): CustomStageType {
  if (!namePattern.test(name))
    throw invalid(
      name,
      'its name is made of a-z, 0-9 and "-", begins with a letter and has at most 63 characters',
    );
  if (!Number.isSafeInteger(version) || version < 1)
    throw invalid(name, 'its version is a whole number from 1');
  if (!(inputs instanceof z.ZodObject)) throw invalid(name, 'its inputs are an object schema of zod 4');
  for (const field of [...Object.keys(inputs.shape), ...Object.keys(outputs)])
    if (!fieldPattern.test(field))
      throw invalid(name, `"${field}" names no input or output: use letters, digits and "_", a letter first`);
  const declared = Object.entries(outputs);
  if (declared.length > mostOutputs) throw invalid(name, `it has more than ${mostOutputs} outputs`);
  for (const [output, kind] of declared)
    if (!kinds.includes(kind))
      throw invalid(
        name,
        `the output "${output}" is none of ${kinds.join(', ')}; found ${JSON.stringify(kind)}`,
      );
  if (runs !== undefined && !places.includes(runs))
    throw invalid(name, `it runs in one of ${places.join(', ')}; found ${JSON.stringify(runs)}`);
  return {
    name,
    version,
    inputs: inputs.strict(),
    outputs: { ...outputs },
    ...(runs !== undefined && { runs }),
    run,
  };
}

/** An input that takes an artifact of another stage: `${{ stages.distill.result }}`. */
export function artifact(): z.ZodType<Reference> {
  return reference(['artifact', 'images'], 'an artifact', 'stages.distill.result', isReference);
}

/** An input that takes distilled or selected images: those of a distill, select or custom stage. */
export function images(): z.ZodType<Reference> {
  return reference(['images'], 'images', 'stages.distill.result', isReference);
}

/**
 * An input that takes a plain value, or the output of a stage that is one: `${{ stages.sharpen.contrast }}`. The
 * value is checked once it is known.
 */
export function valueOr<Schema extends z.ZodNumber | z.ZodString | z.ZodBoolean>(
  schema: Schema,
): z.ZodType<z.output<Schema>> {
  const kind = ({ number: 'number', string: 'text', boolean: 'boolean' } as const)[schema.def.type];
  return z.unknown().transform((value, context) => {
    if (value instanceof StageReference) {
      if (value.kind === undefined || value.kind === kind) return value as never;
      context.addIssue({ code: 'custom', message: wrongKind(value, `a ${kind}`) });
      return z.NEVER;
    }
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    // Without their messages, which are worded by whoever asked.
    for (const issue of result.error.issues)
      context.issues.push({ ...issue, message: undefined, input: value } as (typeof context.issues)[number]);
    return z.NEVER;
  }) as unknown as z.ZodType<z.output<Schema>>;
}

function reference(
  accepted: readonly OutputKind[],
  what: string,
  example: string,
  isValue: (value: unknown) => boolean,
): z.ZodType<Reference> {
  return z.custom<Reference>(
    (value) =>
      value instanceof StageReference
        ? value.kind === undefined || accepted.includes(value.kind)
        : isValue(value),
    {
      error: ({ input }) => {
        if (input === undefined) return undefined;
        if (input instanceof StageReference) return wrongKind(input, what);
        return `expected ${what} of another stage, such as "\${{ ${example} }}"`;
      },
    },
  );
}

function wrongKind({ stage, output, kind = 'artifact' }: StageReference, expected: string): string {
  const found = {
    artifact: 'an artifact',
    images: 'images',
    number: 'a number',
    text: 'a text',
    boolean: 'true or false',
  };
  return `expected ${expected}; the output "${output}" of stage "${stage}" is ${found[kind]}`;
}

function invalid(name: string, reason: string): DistilleryError {
  return new DistilleryError(
    'InvalidDefinition',
    `The type of stage ${JSON.stringify(name)} cannot be defined: ${reason}.`,
  );
}
