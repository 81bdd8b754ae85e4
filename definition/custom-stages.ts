/**
 * @file Types of stages that the owner of a worker adds, as far as compiling has to know them. In a definition
 * they are `uses: custom/NAME`, so that no type which a later version brings can take the name of one.
 */
import type * as z from 'zod';
import { StageReference } from './expressions.js';
import type { OutputRef, PlannedStage, StageType } from './plan.js';
import type { Outputs } from './outputs.js';

export type CustomUses = `custom/${string}`;

const prefix = 'custom/';

/** Where the work of a stage is done: in the pipeline worker, or in the compute process of a compute worker. */
export type StagePlace = 'worker' | 'compute';

/** What is known of such a type without running it. */
export interface StageSignature {
  readonly name: string;
  /** Part of the identity of its results. */
  readonly version: number;
  /** Of `with`; keys that it does not name are refused. */
  readonly inputs: z.ZodObject;
  readonly outputs: Outputs;
  /** Default `worker`. It is no part of the identity of results. */
  readonly runs?: StagePlace;
}

/** By name, without the prefix. */
export type StageTypes = ReadonlyMap<string, StageSignature>;

/** Where nobody has added any. */
export const noStageTypes: StageTypes = new Map();

/** @throws RangeError when two have the same name */
export function stageTypes(types: Iterable<StageSignature>): StageTypes {
  const byName = new Map<string, StageSignature>();
  for (const type of types) {
    const other = byName.get(type.name);
    if (other !== undefined && other !== type)
      throw new RangeError(`The type of stage ${type.name} is defined twice: give one another name.`);
    byName.set(type.name, type);
  }
  return byName;
}

export function customUses(name: string): CustomUses {
  return `${prefix}${name}`;
}

export function isCustomUses(uses: unknown): uses is CustomUses {
  return typeof uses === 'string' && uses.startsWith(prefix);
}

/** The type of that name; undefined also for those that come with distillery. */
export function signatureOf(uses: unknown, types: StageTypes): StageSignature | undefined {
  return isCustomUses(uses) ? types.get(uses.slice(prefix.length)) : undefined;
}

/** The type of a stage as a definition writes it. */
export function usesOf(stage: PlannedStage): StageType | CustomUses {
  return stage.uses === 'custom' ? customUses(stage.type) : stage.uses;
}

/** Where an output of another stage stands in `with`: in a field, or in the list of a field. */
export interface InputPlace {
  readonly field: string;
  readonly index?: number;
}

/** `images`, or `sets.0`. Names of fields have no dots. */
export function placeName({ field, index }: InputPlace): string {
  return index === undefined ? field : `${field}.${index}`;
}

export function placeOf(name: string): InputPlace {
  const [field = '', index] = name.split('.');
  return index === undefined ? { field } : { field, index: Number(index) };
}

/** A checked configuration as a plan holds it: plain data, and apart from it the outputs that it refers to. */
export interface DividedConfig {
  readonly config: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, OutputRef>>;
}

/** A reference leaves nothing where it was; in a list it leaves null, so that the others keep their places. */
export function divideConfig(
  checked: Readonly<Record<string, unknown>>,
  planReference: (reference: StageReference) => OutputRef,
): DividedConfig {
  const config: Record<string, unknown> = {};
  const inputs: Record<string, OutputRef> = {};
  const take = (place: InputPlace, reference: StageReference): null => {
    inputs[placeName(place)] = planReference(reference);
    return null;
  };
  for (const [field, value] of Object.entries(checked)) {
    if (value === undefined) continue;
    if (value instanceof StageReference) take({ field }, value);
    else if (Array.isArray(value))
      config[field] = value.map((item: unknown, index) =>
        item instanceof StageReference ? take({ field, index }, item) : item,
      );
    else config[field] = value;
  }
  return { config, inputs };
}

/** A configuration with values put where references stood. */
export function fillConfig(
  config: Readonly<Record<string, unknown>>,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const filled: Record<string, unknown> = { ...config };
  for (const [name, value] of Object.entries(values)) {
    const { field, index } = placeOf(name);
    if (index === undefined) filled[field] = value;
    else {
      const list: unknown = filled[field];
      filled[field] = Array.isArray(list) ? list.with(index, value) : [value];
    }
  }
  return filled;
}

/** The place of what is no plain data, which a plan could not hold; undefined where all of it is. */
export function notPlain(value: unknown, path: readonly (string | number)[] = []): typeof path | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : path;
  if (typeof value !== 'object') return path;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const found = notPlain(item, [...path, index]);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return path;
  for (const [key, item] of Object.entries(value)) {
    const found = notPlain(item, [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}
