/**
 * @file The results of single evaluations by the identity of their unit of work.
 */
import { z } from 'zod';
import type { EngineInfo } from '../definition/stages.js';
import { evaluationKey } from './layout.js';
import { engineSchema, findManifest } from './schemas.js';
import type { ArtifactStore } from './store.js';

export interface StoredEvaluation {
  /** In [0,1]. */
  readonly accuracy: number;
  /** Mean training cross-entropy of the last epoch. */
  readonly loss: number;
  readonly engine: EngineInfo;
}

const evaluationSchema: z.ZodType<StoredEvaluation> = z.object({
  accuracy: z.number().min(0).max(1),
  loss: z.number(),
  engine: engineSchema,
});

/** An earlier result, or undefined when it has to be computed: there is none, or it is damaged. */
export async function findEvaluation(
  store: ArtifactStore,
  unit: string,
): Promise<StoredEvaluation | undefined> {
  return (await findManifest(store, evaluationKey(unit), evaluationSchema))?.document;
}

/** Records a result; one that is there already stands, unless it is damaged. */
export async function putEvaluation(
  store: ArtifactStore,
  unit: string,
  evaluation: StoredEvaluation,
): Promise<void> {
  await store.putManifest(evaluationKey(unit), evaluation);
}
