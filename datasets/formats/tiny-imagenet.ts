/**
 * @file Tiny ImageNet as published: training pictures in train/CLASS/images, the test pictures together in
 * val/images, with their classes in val/val_annotations.txt.
 */
import { datasetFacts } from '../facts.js';
import { baseName, type DataFile, type FileTree } from '../files/tree.js';
import type { DatasetFormat } from '../format.js';
import { isPictureName } from '../pictures/picture.js';
import { pictureShape, pictureSplit } from '../pictures/picture-split.js';
import { wrongFile } from '../wrong-file.js';

const annotationsPath = 'val/val_annotations.txt';

export const tinyImagenetFormat: DatasetFormat = {
  name: 'tiny-imagenet',
  looksFor: `train/CLASS/images/*.JPEG, val/images/*.JPEG and ${annotationsPath}`,
  pictures: true,
  subsets: false,
  detect: ({ files }) => files.some(({ path }) => path === annotationsPath),
  async open(tree, { size }) {
    const classOf = (path: string): string | undefined => /^train\/([^/]+)\/.+/.exec(path)?.[1];
    const train = tree.files.filter(({ path }) => isPictureName(path) && classOf(path) !== undefined);
    const classes = [...new Set(train.map(({ path }) => classOf(path) ?? ''))].sort();
    const labelOf = new Map(classes.map((name, label) => [name, label]));
    const test = await readAnnotations(tree, labelOf);
    if (train.length === 0) throw wrongFile(tree.label, 'pictures in train/CLASS/images', 'none');
    const shape = await pictureShape(train, size);
    const constants = datasetFacts('tiny-imagenet');
    return {
      train: pictureSplit(
        train,
        Int32Array.from(train, ({ path }) => labelOf.get(classOf(path) ?? '') ?? -1),
        shape,
        size !== undefined,
      ),
      test: pictureSplit(
        test.map(({ file }) => file),
        Int32Array.from(test, ({ label }) => label),
        shape,
        size !== undefined,
      ),
      classNames: await readWords(tree, classes),
      ...(constants === undefined ? {} : { constants }),
    };
  },
};

async function readAnnotations(
  { files, label: place }: FileTree,
  labelOf: ReadonlyMap<string, number>,
): Promise<{ file: DataFile; label: number }[]> {
  const annotations = files.find(({ path }) => path === annotationsPath);
  if (annotations === undefined) throw wrongFile(place, annotationsPath, 'none');
  const classes = new Map<string, string>();
  for (const line of await linesOf(annotations)) {
    const [name = '', wordnet] = line.split('\t');
    if (wordnet === undefined)
      throw wrongFile(annotations.label, 'a picture and its class', line.slice(0, 80));
    classes.set(name, wordnet);
  }
  const pictures = files.filter(({ path }) => path.startsWith('val/') && isPictureName(path));
  return pictures.map((file) => {
    const wordnet = classes.get(baseName(file.path));
    const label = wordnet === undefined ? undefined : labelOf.get(wordnet);
    if (label !== undefined) return { file, label };
    const expected = `a class of the training pictures in ${annotationsPath}`;
    throw wrongFile(file.label, expected, wordnet ?? 'none');
  });
}

/** Names from words.txt, the first of each; else the WordNet ids. */
async function readWords({ files }: FileTree, classes: readonly string[]): Promise<string[]> {
  const words = files.find(({ path }) => path === 'words.txt');
  const names = new Map<string, string>();
  for (const line of words === undefined ? [] : await linesOf(words)) {
    const [wordnet = '', called = ''] = line.split('\t');
    const [first = ''] = called.split(',');
    if (first.trim() !== '') names.set(wordnet, first.trim());
  }
  return classes.map((wordnet) => names.get(wordnet) ?? wordnet);
}

async function linesOf(file: DataFile): Promise<string[]> {
  const lines = new TextDecoder().decode(await file.read()).split(/\r?\n/);
  return lines.filter((line) => line !== '');
}
