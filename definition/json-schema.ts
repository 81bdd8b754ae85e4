/**
 * @file The JSON Schema of definitions, for completion and checks in editors. Made from the same schema
 * that compiling checks; where a value may be an expression, the text of one is let through.
 */
import * as z from 'zod';
import { customUses, stageTypes } from './custom-stages.js';
import { definition } from './schema.js';
import { importedStage } from './schema-imports.js';

const expression = { $ref: '#/definitions/expression' };
/** Kinds of values that an expression may stand for; a text is a text with or without one. */
const replaceable = new Set(['number', 'boolean', 'enum', 'literal']);

/** Stands for all types of stages that users may add: of their settings nothing is known here. */
const anyType = { name: 'NAME', version: 1, inputs: z.looseObject({}), outputs: {} };
const anyUses = customUses(anyType.name);

/** The JSON Schema (draft 07) of a definition. */
export function definitionJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = jsonSchemaOf(definition(stageTypes([anyType])));
  alsoImported(rest);
  return {
    $schema,
    title: 'distillery pipeline',
    description: 'A pipeline that distils a data set of images.',
    ...(withoutOneOf(rest) as object),
    definitions: {
      expression: {
        type: 'string',
        pattern: '\\$\\{\\{[\\s\\S]*\\}\\}',
        description: 'An expression such as ${{ params.ipc }} or ${{ params.ipc * 10 }}.',
      },
    },
  };
}

function jsonSchemaOf(schema: z.ZodType) {
  return z.toJSONSchema(schema, {
    target: 'draft-07',
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema, path }) => {
      if (path.includes('params')) return;
      if (jsonSchema.const === anyUses) {
        delete jsonSchema.const;
        jsonSchema.pattern = '^custom/[a-z][a-z0-9-]{0,62}$';
        jsonSchema.description = 'A type of stage of your own.';
        return;
      }
      const { type } = zodSchema._zod.def;
      const { description, default: value, ...rest } = jsonSchema;
      // The type of a stage is a plain name.
      if (path.at(-1) === 'uses') return;
      if (!replaceable.has(type)) {
        // An id or name keeps its pattern, or is an expression.
        if (type !== 'string' || rest.pattern === undefined || path.includes('propertyNames')) return;
      }
      for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key);
      Object.assign(jsonSchema, {
        ...(description === undefined ? {} : { description }),
        ...(value === undefined ? {} : { default: value }),
        anyOf: [rest, expression],
      });
    },
  });
}

/** Compiling divides the stages by whether they say `from`; an editor has to try both. */
function alsoImported({ properties }: { properties?: Record<string, unknown> }): void {
  const stages = properties?.['stages'] as { additionalProperties: { oneOf: object[] } };
  const imported = Object.entries(jsonSchemaOf(importedStage)).filter(([key]) => key !== '$schema');
  stages.additionalProperties.oneOf.push(Object.fromEntries(imported));
}

/** With an expression for a name, several alternatives may be meant. */
function withoutOneOf(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(withoutOneOf);
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key === 'oneOf' ? 'anyOf' : key, withoutOneOf(value)]),
  );
}
