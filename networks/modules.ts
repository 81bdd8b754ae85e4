/**
 * @file Modules in which the owner of a worker defines networks.
 */
import { delimiter } from 'node:path';
import { defaultExport, modulePaths, pathsIn, refusal } from '../custom/module-file.js';
import { defineNetwork, type CustomNetwork } from './custom.js';

/** Environment variable with the paths of modules, separated as in PATH. */
export const modulesVariable = 'DISTILLERY_NETWORKS';

const what = 'networks';

/**
 * The value of the variable for these modules and those that the environment names already.
 *
 * @param paths relative to the working directory, or absolute
 * @throws DistilleryError `InvalidDefinition` if one of the files is not there
 */
export function modulesValue(paths: readonly string[], inherited: string | undefined): string {
  return modulePaths(what, paths, inherited).join(delimiter);
}

/**
 * Loads the modules and defines their networks.
 *
 * @throws DistilleryError `InvalidDefinition` if a module does not load or exports something else
 */
export async function loadNetworkModules(value: string | undefined): Promise<void> {
  for (const path of pathsIn(value)) {
    const networks = await defaultExport(what, path);
    if (typeof networks !== 'object' || networks === null)
      throw refusal(what, path, 'its default export is not an object of networks by name');
    for (const [name, network] of Object.entries(networks)) {
      if (isNetwork(network)) defineNetwork(name, network);
      else throw refusal(what, path, `"${name}" is not a function from options to a network`);
    }
  }
}

function isNetwork(value: unknown): value is CustomNetwork {
  return typeof value === 'function';
}
