/**
 * @file Reads the files that a definition includes: regular files in its folder or below, also behind links.
 */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';

import type { ReadFragment } from '../definition/index.js';

const largest = 256 * 1024;

/** @param file the definition */
export function fragmentReader(file: string): ReadFragment {
  return (path) => {
    try {
      const root = realpathSync(dirname(file));
      const real = realpathSync(join(root, ...path.split('/')));
      const below = relative(root, real);
      if (below.startsWith('..') || isAbsolute(below))
        return { problem: 'it leads out of the folder of the definition' };
      const stat = statSync(real);
      if (!stat.isFile()) return { problem: 'it is not a file' };
      if (stat.size > largest) return { problem: `it has more than ${largest / 1024} KiB` };
      return { bytes: readFileSync(real) };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      return { problem: code === 'ENOENT' || code === 'ENOTDIR' ? 'there is no such file' : code };
    }
  };
}
