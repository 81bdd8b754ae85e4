/**
 * @file Modules in which the owner of a worker defines networks. Their paths come from the worker, never from a
 * definition, so that a definition runs no code.
 */
import { existsSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DistilleryError } from '../errors/errors.js';
import { defineNetwork, type CustomNetwork } from './custom.js';

/** Environment variable with the paths of modules, separated as in PATH. */
export const modulesVariable = 'DISTILLERY_NETWORKS';

/**
 * The value of the variable for these modules and those that the environment names already.
 *
 * @param paths relative to the working directory, or absolute
 * @throws DistilleryError `InvalidDefinition` if one of the files is not there
 */
export function modulesValue(paths: readonly string[], inherited: string | undefined): string {
  const all = [...pathsIn(inherited), ...paths].map((path) => resolve(path));
  for (const path of all) {
    if (existsSync(path)) continue;
    throw new DistilleryError('InvalidDefinition', `There is no module of networks at ${path}.`);
  }
  return [...new Set(all)].join(delimiter);
}

/**
 * Loads the modules and defines their networks.
 *
 * @throws DistilleryError `InvalidDefinition` if a module does not load or exports something else
 */
export async function loadNetworkModules(value: string | undefined): Promise<void> {
  for (const path of pathsIn(value)) {
    for (const [name, network] of Object.entries(await load(path))) {
      if (isNetwork(network)) defineNetwork(name, network);
      else throw refusal(path, `"${name}" is not a function from options to a network`);
    }
  }
}

async function load(path: string): Promise<object> {
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(path).href)) as { default?: unknown };
  } catch (error) {
    throw refusal(path, error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
  }
  const { default: networks } = module;
  if (typeof networks === 'object' && networks !== null) return networks;
  throw refusal(path, 'its default export is not an object of networks by name');
}

function isNetwork(value: unknown): value is CustomNetwork {
  return typeof value === 'function';
}

function refusal(path: string, reason: string): DistilleryError {
  return new DistilleryError('InvalidDefinition', `The module of networks ${path} does not load: ${reason}`);
}

function pathsIn(value: string | undefined): string[] {
  return (value ?? '').split(delimiter).filter((path) => path !== '');
}
