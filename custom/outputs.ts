/**
 * @file Whether a stage of a user's own type has made what the type declares, before anything is built on it.
 */
import { holds } from '../artifacts/hold.js';
import { partsOf } from '../artifacts/parts.js';
import type { Reference } from '../artifacts/reference.js';
import { decodeDistilled } from '../artifacts/result-folder.js';
import { referenceSchema } from '../artifacts/schemas.js';
import type { ArtifactStore } from '../artifacts/store.js';
import { customUses } from '../definition/custom-stages.js';
import type { OutputKind } from '../definition/outputs.js';
import type { CustomOutput } from '../definition/stages.js';
import { DistilleryError } from '../errors/errors.js';
import type { CustomStageType } from './stage-type.js';

type Value = CustomOutput['outputs'][string];

/** Texts travel in messages; longer ones belong into an artifact. */
const longestText = 1000;

/** @throws DistilleryError `InvalidDefinition` naming the output and what is wrong with it */
export async function checkOutputs(
  store: ArtifactStore,
  type: CustomStageType,
  id: string,
  made: unknown,
): Promise<CustomOutput> {
  const refuse = (reason: string) =>
    new DistilleryError(
      'InvalidDefinition',
      `Stage ${id}: ${customUses(type.name)} ${reason}. Correct the type of stage.`,
    );
  if (typeof made !== 'object' || made === null) throw refuse('returned no outputs');
  const values = new Map(Object.entries(made).filter(([, value]) => value !== undefined));
  const surplus = [...values.keys()].find((name) => !Object.hasOwn(type.outputs, name));
  if (surplus !== undefined) throw refuse(`returned "${surplus}", which it does not declare`);
  const outputs: Record<string, Value> = {};
  const images: Record<string, CustomOutput['images'][string]> = {};
  for (const [name, kind] of Object.entries(type.outputs)) {
    const value: unknown = values.get(name);
    const expected = `declares "${name}" as ${kind}`;
    if (value === undefined) throw refuse(`${expected}, and returned nothing for it`);
    if (kind === 'artifact' || kind === 'images') {
      const reference = referenceSchema.safeParse(value);
      if (!reference.success)
        throw refuse(`${expected}, and returned no reference; \`store.write\` gives one`);
      if (!(await holds(store, reference.data)))
        throw refuse(`returned "${name}" as ${reference.data.key}, which is not in the store`);
      outputs[name] = reference.data;
      if (kind === 'images') images[name] = await countImages(store, reference.data, refuse);
    } else if (isPlain(value, kind)) outputs[name] = value;
    else throw refuse(`${expected}, and returned ${shown(value)}`);
  }
  const text = new TextEncoder().encode(
    `${JSON.stringify({ type: type.name, version: type.version, outputs }, null, 2)}\n`,
  );
  const document = await store.putBlob(text, 'application/json');
  return { type: 'custom', stage: type.name, outputs, images, document };
}

/** A large set lies in parts. */
async function countImages(
  store: ArtifactStore,
  reference: Reference,
  refuse: (reason: string) => DistilleryError,
): Promise<CustomOutput['images'][string]> {
  let found = { ipc: 0, count: 0 };
  for (const part of await partsOf(store, reference)) {
    if (!(await holds(store, part)))
      throw refuse(`returned ${reference.key}, of which ${part.key} is missing`);
    const bytes = await store.get(part);
    try {
      const { ipc, labels } = decodeDistilled(bytes);
      found = { ipc, count: found.count + labels.length };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw refuse(`returned ${reference.key} as images, and it holds none (${why})`);
    }
  }
  return found;
}

function isPlain(
  value: unknown,
  kind: Exclude<OutputKind, 'artifact' | 'images'>,
): value is number | string | boolean {
  switch (kind) {
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'text':
      return typeof value === 'string' && value.length <= longestText;
    case 'boolean':
      return typeof value === 'boolean';
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `a text of ${value.length} characters`;
  return typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : `a value of type ${typeof value}`;
}
