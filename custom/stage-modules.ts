/**
 * @file Modules that define types of stages.
 */
import { delimiter } from 'node:path';
import { defaultExport, modulePaths, refusal } from './module-file.js';
import type { CustomStageType } from './stage-type.js';

/** Environment variable with the paths of modules, separated as in PATH. */
export const stagesVariable = 'DISTILLERY_STAGES';

const what = 'stages';

/**
 * The types of stages of some modules and of those that the environment names. The default export of each is what
 * `defineStage` returns, or a list of such.
 *
 * @throws DistilleryError `InvalidDefinition` if a module is missing, does not load or exports something else, or two
 *   types have the same name
 */
export async function loadStageModules(
  paths: readonly string[],
  inherited: string | undefined,
): Promise<readonly CustomStageType[]> {
  const types = new Map<string, CustomStageType>();
  for (const path of modulePaths(what, paths, inherited)) {
    const exported = await defaultExport(what, path);
    const list: readonly unknown[] = Array.isArray(exported) ? exported : [exported];
    for (const type of list) {
      if (!isStageType(type))
        throw refusal(
          what,
          path,
          'its default export is neither what `defineStage` returns nor a list of such',
        );
      const other = types.get(type.name);
      if (other !== undefined && other !== type)
        throw refusal(what, path, `there are two types of stage "${type.name}"; give one another name`);
      types.set(type.name, type);
    }
  }
  return [...types.values()];
}

/**
 * The value of the variable for these modules and those that the environment names already.
 *
 * @throws DistilleryError `InvalidDefinition` if one of the files is not there
 */
export function stageModulesValue(paths: readonly string[], inherited: string | undefined): string {
  return modulePaths(what, paths, inherited).join(delimiter);
}

function isStageType(value: unknown): value is CustomStageType {
  if (typeof value !== 'object' || value === null) return false;
  const { name, version, inputs, outputs, run } = value as Partial<Record<keyof CustomStageType, unknown>>;
  return (
    typeof name === 'string' &&
    typeof version === 'number' &&
    typeof inputs === 'object' &&
    typeof outputs === 'object' &&
    typeof run === 'function'
  );
}
