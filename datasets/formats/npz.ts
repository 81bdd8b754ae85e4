/**
 * @file NumPy arrays: an .npz archive as `savez` or `savez_compressed` writes it, or .npy files beside each
 * other. Arrays are named by their files.
 */
import { baseName, type FileTree } from '../files/tree.js';
import { zipTree } from '../files/zip.js';
import type { DatasetFormat } from '../format.js';
import { arrayNames, openArrays } from '../named-arrays.js';
import type { StoredArray } from '../stored-array.js';
import { wrongFile } from '../wrong-file.js';
import { readNpy } from './npy.js';

export const npzFormat: DatasetFormat = {
  name: 'npz',
  looksFor: `one .npz, or .npy files, with the ${arrayNames}`,
  pictures: false,
  subsets: false,
  detect: ({ files }) => files.some(({ path }) => /\.np[yz]$/.test(path)),
  async open(tree, { scratch }) {
    const archives = tree.files.filter(({ path }) => path.endsWith('.npz'));
    if (archives.length > 1) {
      const names = archives.map(({ path }) => path).join(', ');
      throw wrongFile(tree.label, 'one .npz', names, 'Name the file that is meant.');
    }
    const [archive] = archives;
    const members: FileTree = archive === undefined ? tree : await zipTree(archive, scratch);
    const arrays = new Map<string, StoredArray>();
    for (const file of members.files) {
      if (file.path.endsWith('.npy')) {
        arrays.set(baseName(file.path).replace(/\.npy$/, ''), await readNpy(file));
      }
    }
    return openArrays(arrays, archive?.label ?? tree.label);
  },
};
