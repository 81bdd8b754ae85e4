/**
 * @file What stored documents must look like; checked on every read, because a store outlives the code.
 */
import { z } from 'zod';
import type { EngineInfo, KernelAccuracy } from '../definition/stages.js';
import { DistilleryError, type ErrorCode } from '../errors/errors.js';
import type { NetworkSpec } from '../networks/spec.js';
import { decodeManifest } from './manifest.js';
import type { Reference } from './reference.js';
import type { ArtifactStore } from './store.js';

export const count = z.int().nonnegative();
const hexDigest = z.string().regex(/^[0-9a-f]{64}$/);

export const referenceSchema = z.object({
  key: z.string(),
  sha256: hexDigest,
  bytes: count,
  mediaType: z.string(),
});

export const rangeSchema = z.object({ offset: count, length: count, sha256: hexDigest });

export const engineSchema: z.ZodType<EngineInfo> = z.object({
  name: z.string(),
  oneDnn: z.boolean(),
  threads: count,
  cpu: z.string(),
  device: z.string(),
  kernels: z.string().exactOptional(),
});

const share = z.number().min(0).max(1);
export const kernelAccuracySchema: z.ZodType<KernelAccuracy> = z.object({
  holdout: share.exactOptional(),
  test: share.exactOptional(),
});

/** Which architectures and options exist is for the networks to say. */
export const networkSchema = z.custom<NetworkSpec>(
  (value) => z.looseObject({ architecture: z.string() }).safeParse(value).success,
  'not a network',
);

/** @throws DistilleryError of that code, naming the document, the field and what is wrong with it. */
export function parseDocument<T>(schema: z.ZodType<T>, body: unknown, key: string, code: ErrorCode): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw new DistilleryError(
    code,
    `${key} is not what it should be: ${where === '' ? 'the document' : where}: ${issue?.message ?? 'invalid'}. ` +
      'It may come from another version of distillery: remove it and run again.',
  );
}

/**
 * The manifest at a key, or undefined when what it describes has to be computed: there is none, or it is
 * damaged or of another form, which `onDamaged` is told of.
 */
export async function findManifest<T>(
  store: ArtifactStore,
  key: string,
  schema: z.ZodType<T>,
  onDamaged: (error: DistilleryError) => void = () => undefined,
): Promise<{ document: T; reference: Reference } | undefined> {
  try {
    const found = await store.getManifest(key);
    if (found === undefined) return undefined;
    return { document: parseDocument(schema, found.body, key, 'Corrupt'), reference: found.reference };
  } catch (error) {
    if (!(error instanceof DistilleryError) || error.code !== 'Corrupt') throw error;
    onDamaged(error);
    return undefined;
  }
}

/**
 * The manifest that a reference names, its digests verified.
 * @throws DistilleryError `Corrupt`, or the given code when it is of another form.
 */
export async function readManifest<T>(
  store: ArtifactStore,
  reference: Reference,
  schema: z.ZodType<T>,
  code: ErrorCode,
): Promise<T> {
  const body = decodeManifest(await store.get(reference), reference.key);
  return parseDocument(schema, body, reference.key, code);
}
