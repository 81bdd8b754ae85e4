/**
 * @file Modules of the owner of a worker: their paths come from the worker or the command line, never from a
 * definition, so that a definition runs no code.
 */
import { existsSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DistilleryError } from '../errors/errors.js';

/**
 * The paths given and those that an environment variable names, separated as in PATH; absolute, each once.
 *
 * @param what the modules define, for messages: `networks`
 * @throws DistilleryError `InvalidDefinition` if one of the files is not there
 */
export function modulePaths(
  what: string,
  paths: readonly string[],
  inherited: string | undefined,
): readonly string[] {
  const all = [...pathsIn(inherited), ...paths].map((path) => resolve(path));
  for (const path of all) {
    if (existsSync(path)) continue;
    throw new DistilleryError('InvalidDefinition', `There is no module of ${what} at ${path}.`);
  }
  return [...new Set(all)];
}

export function pathsIn(value: string | undefined): string[] {
  return (value ?? '').split(delimiter).filter((path) => path !== '');
}

/** @throws DistilleryError `InvalidDefinition` if the module does not load */
export async function defaultExport(what: string, path: string): Promise<unknown> {
  try {
    const module = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown };
    return module.default;
  } catch (error) {
    throw refusal(what, path, error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
  }
}

export function refusal(what: string, path: string, reason: string): DistilleryError {
  return new DistilleryError('InvalidDefinition', `The module of ${what} ${path} does not load: ${reason}`);
}
