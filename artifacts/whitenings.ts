/**
 * @file ZCA whitenings of data sets. The mean and the two matrices are what users need to whiten images of
 * their own and to look at whitened ones.
 */
import { z } from 'zod';
import { safetensorsMediaType } from './checkpoints.js';
import { whiteningKey } from './layout.js';
import type { Reference } from './reference.js';
import { readSafetensors, tensorOf, writeSafetensors, type TensorOf } from './safetensors.js';
import { findManifest, referenceSchema } from './schemas.js';
import type { ArtifactStore } from './store.js';

/** Where a whitening lies. */
export interface StoredWhitening {
  /** `mean` F32 [d] and `transform` F32 [d,d]: an image x is whitened to (x - mean) @ transform. */
  readonly transform: Reference;
  /** `mean` F32 [d] and `inverse` F32 [d,d]: a whitened image x is x @ inverse + mean. */
  readonly inverse: Reference;
}

/** A mean and one of the matrices, `[d, d]` row-major. */
export interface AffineMap {
  readonly mean: Float32Array;
  readonly matrix: Float32Array;
}

export const storedWhiteningSchema: z.ZodType<StoredWhitening> = z.object({
  transform: referenceSchema,
  inverse: referenceSchema,
});

/** The whitening of a unit key, or undefined when it has to be fitted. */
export async function findWhitening(
  store: ArtifactStore,
  unit: string,
): Promise<StoredWhitening | undefined> {
  return (await findManifest(store, whiteningKey(unit), storedWhiteningSchema))?.document;
}

/** Stores a whitening. Of two that are stored for one unit the first stands, so that all work with the same. */
export async function putWhitening(
  store: ArtifactStore,
  unit: string,
  { mean, transform, inverse }: { mean: Float32Array; transform: Float32Array; inverse: Float32Array },
): Promise<StoredWhitening> {
  const put = (name: string, data: Float32Array): Promise<Reference> => {
    const d = mean.length;
    const vector: TensorOf<'F32'> = { dtype: 'F32', shape: [d], data: mean };
    const matrix: TensorOf<'F32'> = { dtype: 'F32', shape: [d, d], data };
    const bytes = writeSafetensors(
      new Map([
        ['mean', vector],
        [name, matrix],
      ]),
    );
    return store.putBlob(bytes, safetensorsMediaType);
  };
  const stored = { transform: await put('transform', transform), inverse: await put('inverse', inverse) };
  const { created } = await store.putManifest(whiteningKey(unit), stored);
  return created ? stored : ((await findWhitening(store, unit)) ?? stored);
}

/** @throws DistilleryError `Corrupt` when it is damaged. */
export async function getWhitening(
  store: ArtifactStore,
  stored: StoredWhitening,
  name: keyof StoredWhitening,
): Promise<AffineMap> {
  const file = readSafetensors(await store.get(stored[name]));
  return { mean: tensorOf(file, 'mean', 'F32').data, matrix: tensorOf(file, name, 'F32').data };
}
