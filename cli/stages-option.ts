/**
 * @file `--stages FILE` on the command line: types of stages of the user's own, so that a definition which has them
 * can be checked here as the workers will.
 */
import { Option } from 'commander';

import type { StageSignature } from '../definition/index.js';
import type { CommandContext } from './command-context.js';

export interface StagesOptions {
  readonly stages: readonly string[];
}

export function stagesOption(): Option {
  return new Option('--stages <file>', 'module that defines types of stages (repeatable)')
    .default([], 'those in DISTILLERY_STAGES')
    .argParser((file: string, before: readonly string[]) => [...before, file]);
}

/** The types in the modules given and in those that the environment names. */
export async function stagesOf(
  { stages }: StagesOptions,
  { environment }: CommandContext,
): Promise<readonly StageSignature[]> {
  const { loadStageModules, stagesVariable } = await import('../custom/stage-modules.js');
  return loadStageModules(stages, environment[stagesVariable]);
}
