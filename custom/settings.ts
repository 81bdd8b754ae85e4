/**
 * @file A stage of a user's own type made ready to run: its type as this process knows it, and its settings.
 */
import * as z from 'zod';
import type { Reference } from '../artifacts/reference.js';
import { customUses, fillConfig, placeOf } from '../definition/custom-stages.js';
import type { CustomStage } from '../definition/plan.js';
import { DistilleryError } from '../errors/errors.js';
import type { CustomStageType } from './stage-type.js';

/** Where a worker of one's own is given types of stages. */
const own = { pipeline: '`stages`', compute: '`stageModules`' } as const;

/**
 * @param worker what kind of worker this is, for messages
 * @throws DistilleryError `InvalidDefinition` when there is none of that name and version
 */
export function typeOf(
  { type: name, version }: CustomStage,
  types: readonly CustomStageType[],
  worker: 'pipeline' | 'compute',
): CustomStageType {
  const type = types.find((known) => known.name === name);
  if (type?.version === version) return type;
  if (type !== undefined)
    throw new DistilleryError(
      'InvalidDefinition',
      `The run was planned with version ${version} of ${customUses(name)}; this ${worker} worker has version ` +
        `${type.version}. Give all workers the same module and start the run again.`,
    );
  const known =
    types.length === 0 ? 'it knows none' : `it knows ${types.map((one) => customUses(one.name)).join(', ')}`;
  throw new DistilleryError(
    'InvalidDefinition',
    `This ${worker} worker does not know the type of stage ${customUses(name)} (${known}): start every ${worker} ` +
      `worker with the module that defines it, by --stages FILE or in DISTILLERY_STAGES; one of your own, with ${own[worker]} of the plugin.`,
  );
}

/**
 * The checked settings with the outputs of other stages in their places, which are checked now that they are known.
 *
 * @throws DistilleryError `InvalidDefinition` when the type's schema does not take one of them
 */
export function settingsOf(
  type: CustomStageType,
  stage: CustomStage,
  inputs: Readonly<Record<string, Reference>>,
): Record<string, unknown> {
  const settings = fillConfig(stage.with, inputs);
  for (const field of new Set(Object.keys(stage.inputs).map((name) => placeOf(name).field))) {
    const schema: z.core.$ZodType | undefined = (type.inputs.shape as z.ZodRawShape)[field];
    if (schema === undefined) continue;
    const result = z.safeParse(schema, settings[field]);
    if (result.success) settings[field] = result.data;
    else
      throw new DistilleryError(
        'InvalidDefinition',
        `Stage ${stage.id}: \`${field}\` does not take what it was given: ${result.error.issues[0]?.message ?? 'invalid'}.`,
      );
  }
  return settings;
}
