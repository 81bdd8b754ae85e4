/**
 * @file Where a worker finds the files of a built-in data set.
 */
import { locateByEnvironment, type Locate } from '../datasets/builtin.js';
import { ensureFashionMnist } from '../setup/fashion-mnist.js';
import { distilleryHome } from '../setup/home.js';

/** The folder that `DISTILLERY_DATASETS` leads to, else the cache, else whoever publishes the data set. */
export function locateBuiltin(say: (line: string) => void): Locate {
  return async (name) => {
    const given = await locateByEnvironment(name);
    if (given !== undefined || name !== 'fashion-mnist') return given;
    return (await ensureFashionMnist(distilleryHome(), say)).folder;
  };
}
