/**
 * @file Where a distillation stood at the end of each chunk. A run that is started again finds there what it
 * would otherwise compute again, and garbage collection that the images of a candidate are still wanted.
 */
import { z } from 'zod';
import type { EngineInfo, KernelAccuracy } from '../definition/stages.js';
import { holdsAll } from './parts.js';
import { chunkKey } from './layout.js';
import type { Reference } from './reference.js';
import { count, engineSchema, findManifest, kernelAccuracySchema, referenceSchema } from './schemas.js';
import type { ArtifactStore } from './store.js';

export interface StoredChunk {
  readonly iteration: number;
  /** The state after so many iterations; superseded and removed once the distillation has gone on. */
  readonly checkpoint: Reference;
  /** The images and the learned rate as a user would take them (`distilled.safetensors`). */
  readonly candidate: Reference;
  /** `metrics.jsonl` so far: one line for every iteration from 1 on. */
  readonly metrics: Reference;
  readonly loss: number;
  readonly learnedRate: number;
  readonly secondsPerIteration: number;
  /** Of methods that are about a kernel. */
  readonly kernelAccuracy?: KernelAccuracy;
  readonly engine: EngineInfo;
}

const chunkSchema: z.ZodType<StoredChunk> = z.object({
  iteration: count,
  checkpoint: referenceSchema,
  candidate: referenceSchema,
  metrics: referenceSchema,
  loss: z.number(),
  learnedRate: z.number(),
  secondsPerIteration: z.number(),
  kernelAccuracy: kernelAccuracySchema.exactOptional(),
  engine: engineSchema,
});

/** An earlier result, or undefined when it has to be computed: there is none, or not all of it is left. */
export async function findChunk(
  store: ArtifactStore,
  unit: string,
  iteration: number,
): Promise<StoredChunk | undefined> {
  const found = await findManifest(store, chunkKey(unit, iteration), chunkSchema);
  if (found === undefined) return undefined;
  const { document: chunk, reference } = found;
  const held = await Promise.all(
    [chunk.candidate, chunk.metrics, reference].map((part) => holdsAll(store, part)),
  );
  if (held.every(Boolean)) return chunk;
  await store.remove(chunkKey(unit, iteration));
  return undefined;
}

export async function putChunk(store: ArtifactStore, unit: string, chunk: StoredChunk): Promise<void> {
  await store.putManifest(chunkKey(unit, chunk.iteration), chunk);
}
