/**
 * @file What the key of a stage's result is the digest of: type, configuration, data, inputs and seed. Kept beside
 * the results, so that another run can see what it would build on.
 */
import { z } from 'zod';
import type { NetworkSpec } from '../networks/spec.js';
import { unitKey } from './canonical-json.js';
import { identityKey } from './layout.js';
import { count, findManifest, networkSchema } from './schemas.js';
import type { ArtifactStore } from './store.js';

export interface StageIdentity {
  /** Type of the stage. */
  readonly type: string;
  readonly version: number;
  /** Without references to other stages; what they stand for is among the inputs. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly network: NetworkSpec;
  readonly dataset: IdentityDataset;
  /** Digest of each input by name. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly seed: number;
  /** What its networks with batch normalisation are tested with, where there are any. */
  readonly tested?: 'running averages';
}

export interface IdentityDataset {
  /** Digest of the data set's manifest. */
  readonly manifest: string;
  readonly limit?: number;
  readonly holdout: number;
  readonly seed: number;
  readonly zca?: true;
}

const identitySchema: z.ZodType<StageIdentity> = z.object({
  type: z.string(),
  version: count,
  config: z.record(z.string(), z.unknown()),
  network: networkSchema,
  dataset: z.looseObject({
    manifest: z.string(),
    limit: count.exactOptional(),
    holdout: count,
    seed: z.int(),
    zca: z.literal(true).exactOptional(),
  }),
  inputs: z.record(z.string(), z.string()),
  seed: z.int(),
  tested: z.literal('running averages').exactOptional(),
});

/** The stage key: sha256, hex. */
export function keyOfIdentity(identity: StageIdentity): string {
  return unitKey(identity);
}

/** Keeps the identity; one that is there already is the same. */
export async function putIdentity(store: ArtifactStore, identity: StageIdentity): Promise<void> {
  await store.putManifest(identityKey(keyOfIdentity(identity)), identity);
}

/** What a stage key stands for, or undefined when that was not kept. */
export async function getIdentity(store: ArtifactStore, key: string): Promise<StageIdentity | undefined> {
  const identity = (await findManifest(store, identityKey(key), identitySchema))?.document;
  return identity !== undefined && keyOfIdentity(identity) === key ? identity : undefined;
}
