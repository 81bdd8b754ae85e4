/**
 * @file Modules that define loaders of data sets.
 */
import type { DatasetLoader, DatasetLoaders } from '../datasets/loader.js';
import { defaultExport, modulePaths, refusal } from './module-file.js';

/** Environment variable with the paths of modules, separated as in PATH. */
export const loadersVariable = 'DISTILLERY_LOADERS';

const what = 'loaders';

/**
 * The loaders of some modules and of those that the environment names, by the names of their data sets. The default
 * export of each is an object of them.
 *
 * @throws DistilleryError `InvalidDefinition` if a module is missing, does not load or exports something else, or two
 *   loaders have the same name
 */
export async function loadLoaderModules(
  paths: readonly string[],
  inherited: string | undefined,
): Promise<DatasetLoaders> {
  const loaders = new Map<string, DatasetLoader>();
  for (const path of modulePaths(what, paths, inherited)) {
    const exported = await defaultExport(what, path);
    if (typeof exported !== 'object' || exported === null)
      throw refusal(what, path, 'its default export is not an object of loaders by name');
    for (const [name, loader] of Object.entries(exported)) {
      if (!isLoader(loader)) throw refusal(what, path, `"${name}" is not a function that loads a data set`);
      if (loaders.has(name))
        throw refusal(what, path, `there are two loaders of "${name}"; give one another name`);
      loaders.set(name, loader);
    }
  }
  return Object.fromEntries(loaders);
}

function isLoader(value: unknown): value is DatasetLoader {
  return typeof value === 'function';
}
