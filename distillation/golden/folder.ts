/**
 * @file A folder of golden cases: `golden.json` describes them, one safetensors file each holds what they expect.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { readSafetensors, tensorOf, type Safetensors } from '../../artifacts/safetensors.js';
import { DistilleryError } from '../../errors/errors.js';

const spec = z.looseObject({ architecture: z.string() });
const tolerance = z.record(z.string(), z.number().positive());
const operation = z.enum(['color', 'crop', 'cutout', 'flip', 'scale', 'rotate']);

const networkCase = z.object({
  kind: z.literal('network'),
  spec,
  input: z.object({
    shape: z.tuple([z.int(), z.int(), z.int(), z.int()]),
    stream: z.int(),
    lo: z.number(),
    hi: z.number(),
  }),
  labels: z.array(z.int()),
  classes: z.int(),
  parameters: z.array(z.object({ name: z.string(), shape: z.array(z.int()) })),
  tolerance,
});

const augmentationCase = z.object({
  kind: z.literal('augmentation'),
  op: operation,
  draws: z.array(z.string()),
  'dy stream': z.int(),
  tolerance,
});

const trajectoryCase = z.object({
  kind: z.literal('trajectory-gradient'),
  spec,
  channels: z.int(),
  size: z.tuple([z.int(), z.int()]),
  classes: z.int(),
  ipc: z.int(),
  alpha: z.number(),
  labels: z.string(),
  steps: z.array(
    z.object({ indices: z.array(z.int()), augmentation: operation.nullable(), loss: z.number() }),
  ),
  tolerance,
});

const sgdCase = z.object({
  kind: z.literal('sgd'),
  spec,
  lr: z.number(),
  momentum: z.number(),
  weightDecay: z.number(),
  steps: z.int(),
  losses: z.array(z.number()),
  tolerance,
});

const zcaCase = z.object({ kind: z.literal('zca'), eps: z.number(), tolerance });

const goldenCase = z.discriminatedUnion('kind', [
  networkCase,
  augmentationCase,
  trajectoryCase,
  sgdCase,
  zcaCase,
]);
const golden = z.object({ cases: z.record(z.string(), goldenCase) });

export type GoldenCase = z.infer<typeof goldenCase>;
export type NetworkCase = z.infer<typeof networkCase>;
export type AugmentationCase = z.infer<typeof augmentationCase>;
export type TrajectoryCase = z.infer<typeof trajectoryCase>;
export type SgdCase = z.infer<typeof sgdCase>;
export type ZcaCase = z.infer<typeof zcaCase>;

/** What a case expects, float64 tensors by name. */
export class Expected {
  readonly #file: Safetensors;

  constructor(file: Safetensors) {
    this.#file = file;
  }

  values(name: string): Float64Array {
    return tensorOf(this.#file, name, 'F64').data;
  }

  shape(name: string): readonly number[] {
    return tensorOf(this.#file, name, 'F64').shape;
  }

  /** `prefix.0`, `prefix.1`, ... as far as they go: the draws of an augmentation. */
  numbered(prefix: string): Float64Array[] {
    const found: Float64Array[] = [];
    while (this.#file.tensors.has(`${prefix}.${found.length}`))
      found.push(this.values(`${prefix}.${found.length}`));
    return found;
  }
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new DistilleryError(
      'InvalidDataset',
      `Cannot read the golden file ${path}: give the folder that holds golden.json and its safetensors files.`,
      { cause },
    );
  }
}

/**
 * All cases of a folder by name.
 *
 * @throws DistilleryError `InvalidDataset` when the folder is not one of golden cases
 */
export async function readCases(directory: string): Promise<Map<string, GoldenCase>> {
  const path = join(directory, 'golden.json');
  const text = new TextDecoder().decode(await readBytes(path));
  try {
    return new Map(Object.entries(golden.parse(JSON.parse(text)).cases));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new DistilleryError('InvalidDataset', `${path} does not describe golden cases: ${reason}`, {
      cause,
    });
  }
}

/** The expected tensors of a case. */
export async function readExpected(directory: string, name: string): Promise<Expected> {
  return new Expected(readSafetensors(await readBytes(join(directory, `${name}.safetensors`))));
}
