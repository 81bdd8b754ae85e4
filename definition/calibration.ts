/**
 * @file What was measured of one machine and engine, and the time of a step that follows from it.
 */
import * as z from 'zod';
import type { EngineInfo } from './stages.js';
import type { StepCost } from './step-cost.js';

const seconds = z.number().nonnegative();

const engineSchema = z
  .object({
    name: z.string(),
    oneDnn: z.boolean(),
    threads: z.int().positive(),
    cpu: z.string(),
    device: z.string(),
    kernels: z.string().optional(),
  })
  .transform(({ kernels, ...engine }): EngineInfo => ({
    ...engine,
    ...(kernels !== undefined && { kernels }),
  }));

const calibrationSchema = z.object({
  engine: engineSchema,
  /** ISO time. */
  measuredAt: z.string(),
  secondsPerFlop: seconds,
  secondsPerByte: seconds,
  secondsPerOperation: seconds,
  /** To take a pixel of a batch from the data set. */
  secondsPerPixel: seconds,
  /** To augment one, on average over the operations of DSA. */
  secondsPerAugmentedPixel: seconds,
  /** Of a matrix product in float64 beside the device; absent in what older versions measured. */
  secondsPerHostFlop: seconds.exactOptional(),
  /** From the start of a compute process to its first step. */
  startSeconds: seconds,
  /** Memory of a compute process that has not computed yet. */
  baseBytes: z.number().positive(),
  /** Memory that a step really takes, in units of what its graph holds. */
  memoryFactor: z.number().positive(),
  /** What it was fitted to. */
  points: z.array(
    z.object({ step: z.string(), seconds: z.number().positive(), predicted: z.number().nonnegative() }),
  ),
});

/** One machine, engine and number of threads. */
export type Calibration = z.infer<typeof calibrationSchema>;

/** What is assumed of memory where nothing has been measured. */
export const assumedMemory = { baseBytes: 450e6, memoryFactor: 1.3 } as const;

/** What a matrix product beside the device is assumed to take where it was not measured. */
export const usualSecondsPerHostFlop = 5e-10;

/** The calibrations of a file's JSON; what is not one, such as that of an older version, is left out. */
export function parseCalibrations(value: unknown): Calibration[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown) => {
    const parsed = calibrationSchema.safeParse(entry);
    return parsed.success ? [parsed.data] : [];
  });
}

/** Whether two runs take the same time: same engine, fused kernels, machine and threads. */
export function sameEngine(a: EngineInfo, b: EngineInfo): boolean {
  return (
    a.name === b.name &&
    a.oneDnn === b.oneDnn &&
    a.threads === b.threads &&
    a.cpu === b.cpu &&
    a.device === b.device &&
    a.kernels === b.kernels
  );
}

/** Seconds that the device takes for a step. */
export function stepSeconds(
  calibration: Pick<Calibration, 'secondsPerFlop' | 'secondsPerByte' | 'secondsPerOperation'>,
  { flops, bytesMoved, operations }: StepCost,
): number {
  return (
    flops * calibration.secondsPerFlop +
    bytesMoved * calibration.secondsPerByte +
    operations * calibration.secondsPerOperation
  );
}
