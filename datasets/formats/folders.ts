/**
 * @file A folder of pictures for each class, below a folder for each split or not; so also ImageNet.
 */
import { imagenetConstants } from '../facts.js';
import type { DataFile, FileTree } from '../files/tree.js';
import type { DatasetFormat } from '../format.js';
import { imagenetSubset, isWordnetId } from '../imagenet.js';
import { isPictureName } from '../pictures/picture.js';
import { pictureShape, pictureSplit } from '../pictures/picture-split.js';
import type { ImageSplit } from '../split.js';
import { wrongFile } from '../wrong-file.js';

const trainFolders = ['train', 'training'];
/** In order of preference; the others are left alone. */
const testFolders = ['test', 'testing', 'val', 'valid', 'validation'];

interface ClassPicture {
  readonly file: DataFile;
  /** Folder of the class. */
  readonly name: string;
}

export const foldersFormat: DatasetFormat = {
  name: 'folders',
  looksFor: 'CLASS/*.png or .jpg, or train/CLASS/* and test/CLASS/* (or val/CLASS/*)',
  pictures: true,
  subsets: true,
  detect: ({ files }) => {
    const pictures = files.filter(({ path }) => path.includes('/') && isPictureName(path));
    const folders = new Set(pictures.map(({ path }) => path.slice(0, path.indexOf('/'))));
    return folders.size > 1 || pictures.some(({ path }) => inSplit(path, trainFolders) !== undefined);
  },
  async open(tree, { size, subset }) {
    const divided = tree.files.some(({ path }) => inSplit(path, trainFolders) !== undefined);
    const training = divided ? picturesOf(tree, trainFolders) : picturesOf(tree, undefined);
    const testing = divided ? testPictures(tree) : undefined;
    const classes = chooseClasses(training, subset, tree.label);
    const labelOf = new Map(classes.map(({ folder }, label) => [folder, label]));
    const train = training.filter(({ name }) => labelOf.has(name));
    const shape = await pictureShape(
      train.map(({ file }) => file),
      size,
    );
    const split = (pictures: readonly ClassPicture[]): ImageSplit => {
      const files = pictures.map(({ file }) => file);
      const labels = Int32Array.from(pictures, ({ name }) => labelOf.get(name) ?? -1);
      return pictureSplit(files, labels, shape, size !== undefined);
    };
    const strange = testing?.find(({ name }) => !labelOf.has(name));
    if (strange !== undefined && subset === undefined) {
      throw wrongFile(
        strange.file.label,
        'a class that has training pictures',
        strange.name,
        'Add or remove it.',
      );
    }
    const imagenet = classes.every(({ folder }) => isWordnetId(folder));
    return {
      train: split(train),
      ...(testing === undefined ? {} : { test: split(testing.filter(({ name }) => labelOf.has(name))) }),
      classNames: classes.map(({ name }) => name),
      ...(imagenet && shape.channels === 3 ? { constants: imagenetConstants } : {}),
    };
  },
};

/** The path below the folder of the split; undefined when it is not in one. */
function inSplit(path: string, folders: readonly string[]): string | undefined {
  const slash = path.indexOf('/');
  return slash > 0 && folders.includes(path.slice(0, slash).toLowerCase())
    ? path.slice(slash + 1)
    : undefined;
}

function picturesOf({ files }: FileTree, folders: readonly string[] | undefined): ClassPicture[] {
  return files.flatMap((file) => {
    const path = folders === undefined ? file.path : inSplit(file.path, folders);
    if (path === undefined || !isPictureName(path)) return [];
    const slash = path.indexOf('/');
    if (slash > 0) return [{ file, name: path.slice(0, slash) }];
    throw wrongFile(file.label, 'pictures in a folder for each class', 'one outside', 'Move or remove it.');
  });
}

function testPictures(tree: FileTree): ClassPicture[] | undefined {
  const found = testFolders.find((folder) =>
    tree.files.some(({ path }) => inSplit(path, [folder]) !== undefined),
  );
  return found === undefined ? undefined : picturesOf(tree, [found]);
}

function chooseClasses(
  pictures: readonly ClassPicture[],
  subset: string | undefined,
  place: string,
): { folder: string; name: string }[] {
  const folders = [...new Set(pictures.map(({ name }) => name))].sort();
  if (subset === undefined) {
    if (folders.length > 0) return folders.map((folder) => ({ folder, name: folder }));
    throw wrongFile(place, 'training pictures in a folder for each class', 'none');
  }
  const wanted = imagenetSubset(subset).map(({ wordnet, name }) => ({ folder: wordnet, name }));
  const missing = wanted.filter(({ folder }) => !folders.includes(folder));
  if (missing.length > 0) {
    const names = missing.map(({ folder, name }) => `${folder} (${name})`).join(', ');
    throw wrongFile(
      place,
      `the ${wanted.length} class folders of ${subset}`,
      `none of ${names}`,
      'Add them.',
    );
  }
  return wanted;
}
