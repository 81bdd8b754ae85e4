/**
 * @file Which kinds of plain values may stand at a place of the settings of a stage, by their schema.
 */
import * as z from 'zod';
import type { Kind } from './expressions.js';
import type { BuiltinType } from './outputs.js';
import { settings } from './schema-stages.js';

/** A schema of a plain value. */
type PlainSchema = z.ZodNumber | z.ZodBoolean | z.ZodString | z.ZodEnum | z.ZodLiteral;

export type SettingKinds =
  /** The name that decides which other settings there are. */
  | 'fixed'
  /** There is no setting of that name. */
  | undefined
  /** By kind a value that may stand there; empty for a setting that takes no plain value. */
  | ReadonlyMap<Kind, unknown>;

/**
 * @param written the settings of the stage, which choose among alternatives
 * @param place names from the outside in: `method`, `lrImg`
 */
export function settingKinds(uses: BuiltinType, written: unknown, place: readonly string[]): SettingKinds {
  const schemas = schemasAt(settings[uses], written, place);
  if (schemas === 'fixed') return 'fixed';
  const kinds = new Map<Kind, unknown>();
  for (const schema of schemas)
    for (const value of isPlain(schema) ? permitted(schema) : []) {
      const kind = typeof value as Kind;
      if (!kinds.has(kind)) kinds.set(kind, value);
    }
  return schemas.length === 0 ? undefined : kinds;
}

function schemasAt(
  schema: z.core.$ZodType,
  written: unknown,
  place: readonly string[],
): readonly z.core.$ZodType[] | 'fixed' {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return schemasAt(schema.unwrap(), written, place);
  const [name, ...deeper] = place;
  if (schema instanceof z.ZodUnion) {
    if (discriminatorOf(schema) === name && name !== undefined && deeper.length === 0) return 'fixed';
    const found: z.core.$ZodType[] = [];
    for (const option of meantBy(schema, written)) {
      const inside = schemasAt(option, written, place);
      if (inside === 'fixed') return 'fixed';
      found.push(...inside);
    }
    return found;
  }
  if (name === undefined) return [schema];
  const field = schema instanceof z.ZodObject ? propertyOf(schema.shape, name) : undefined;
  return field === undefined ? [] : schemasAt(field as z.core.$ZodType, propertyOf(written, name), deeper);
}

/** Of several alternatives those that what is written may be. */
function meantBy(union: z.ZodUnion, written: unknown): readonly z.core.$ZodType[] {
  const { options } = union;
  const discriminator = discriminatorOf(union);
  if (discriminator === undefined) return options;
  const name = propertyOf(written, discriminator);
  return options.filter((option) => {
    const own = option instanceof z.ZodObject ? propertyOf(option.shape, discriminator) : undefined;
    return own !== undefined && z.safeParse(own as z.core.$ZodType, name).success;
  });
}

function discriminatorOf(union: z.ZodUnion): string | undefined {
  return union instanceof z.ZodDiscriminatedUnion ? union.def.discriminator : undefined;
}

function isPlain(schema: z.core.$ZodType): schema is PlainSchema {
  return [z.ZodNumber, z.ZodBoolean, z.ZodString, z.ZodEnum, z.ZodLiteral].some(
    (type) => schema instanceof type,
  );
}

/** Some values that the schema takes, at least one of each kind. Every number within bounds here takes one of these. */
function permitted(schema: PlainSchema): readonly unknown[] {
  const values: readonly unknown[] =
    schema instanceof z.ZodEnum
      ? schema.options
      : schema instanceof z.ZodLiteral
        ? [...schema.values]
        : [1, 0, 0.5, true, 'text'];
  return values.filter((value) => schema.safeParse(value).success);
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
