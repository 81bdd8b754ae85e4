/**
 * @file The results of stages by their identity. A stage whose manifest is there need not run again.
 */
import { z } from 'zod';
import type { StageType } from '../definition/plan.js';
import type { StageManifest, StageOutput } from '../definition/stages.js';
import type { DistilleryError } from '../errors/errors.js';
import { stageKey } from './layout.js';
import type { Reference } from './reference.js';
import { count, engineSchema, findManifest, kernelAccuracySchema, referenceSchema } from './schemas.js';
import type { ArtifactStore } from './store.js';

const outputSchema: z.ZodType<StageOutput> = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('train-experts'),
    trajectories: referenceSchema,
    count,
    accuracyByEpoch: z.array(z.number()),
    accuracy: z.number(),
    std: z.number(),
  }),
  z.object({
    type: z.literal('distill'),
    result: referenceSchema,
    metrics: referenceSchema,
    iteration: count,
    iterations: count,
    learnedRate: z.number(),
    candidates: z.array(z.object({ iteration: count, accuracy: z.number(), std: z.number() })),
    kernelAccuracy: kernelAccuracySchema.exactOptional(),
  }),
  z.object({
    type: z.literal('select'),
    result: referenceSchema,
    method: z.enum(['random', 'herding', 'k-center', 'forgetting']),
    count,
  }),
  z.object({
    type: z.literal('evaluate'),
    scores: referenceSchema,
    rows: z.array(
      z.object({
        trainedOn: z.enum(['distilled', 'selected', 'random', 'full']),
        source: z.literal('training').exactOptional(),
        architecture: z.string(),
        mean: z.number(),
        std: z.number(),
        accuracies: z.array(z.number()),
        ofFull: z.number().exactOptional(),
      }),
    ),
  }),
  z.object({
    type: z.literal('report'),
    folder: z.string(),
    report: referenceSchema,
    files: z.array(referenceSchema),
  }),
  z.object({
    type: z.literal('custom'),
    stage: z.string(),
    outputs: z.record(z.string(), z.union([referenceSchema, z.string(), z.number(), z.boolean()])),
    images: z.record(z.string(), z.object({ ipc: count, count })),
    document: referenceSchema,
  }),
]);

const manifestSchema: z.ZodType<StageManifest> = z.object({
  key: z.string(),
  type: z.enum(['train-experts', 'distill', 'select', 'evaluate', 'report', 'custom']),
  output: outputSchema,
  engine: engineSchema.exactOptional(),
  workflowId: z.string(),
  runId: z.string(),
  finishedAt: z.string(),
  seconds: z.number(),
});

/**
 * The result of a stage, or undefined when it has to be computed: there is none, or it is damaged or of
 * another form, which `onDamaged` is told of.
 */
export async function getStageManifest(
  store: ArtifactStore,
  type: StageType,
  key: string,
  onDamaged: (error: DistilleryError) => void = () => undefined,
): Promise<StageManifest | undefined> {
  return (await findManifest(store, stageKey(type, key), manifestSchema, onDamaged))?.document;
}

/** Records a stage's result; one that is there already stands. */
export async function putStageManifest(
  store: ArtifactStore,
  manifest: StageManifest,
): Promise<{ created: boolean; reference: Reference }> {
  return store.putManifest(stageKey(manifest.type, manifest.key), manifest);
}
