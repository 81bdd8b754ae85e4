/**
 * @file Which of some named arrays are the images and labels of which split.
 */
import { arraySplit, pixelScale } from './array-split.js';
import type { FormatContents } from './format.js';
import type { StoredArray } from './stored-array.js';
import { wrongFile } from './wrong-file.js';

type Pair = readonly [images: string, labels: string];

/** Names as Keras, MedMNIST and others use them; compared without case. */
const trainNames: readonly Pair[] = [
  ['x_train', 'y_train'],
  ['train_images', 'train_labels'],
  ['train_x', 'train_y'],
];
const testNames: readonly Pair[] = [
  ['x_test', 'y_test'],
  ['test_images', 'test_labels'],
  ['test_x', 'test_y'],
];
/** Of data sets that are not divided. */
const wholeNames: readonly Pair[] = [
  ['images', 'labels'],
  ['x', 'y'],
  ['data', 'labels'],
  ['data', 'targets'],
];

/** For messages. */
export const arrayNames =
  'arrays x_train, y_train, x_test, y_test, or train_images, train_labels, test_images, test_labels, or images, labels';

/**
 * @param label what holds the arrays, for messages.
 * @throws DistilleryError `InvalidDataset` when there is no pair of known names.
 */
export async function openArrays(
  arrays: ReadonlyMap<string, StoredArray>,
  label: string,
): Promise<FormatContents> {
  const byName = new Map(Array.from(arrays, ([name, array]) => [name.toLowerCase(), array]));
  const find = (pairs: readonly Pair[]): readonly [StoredArray, StoredArray] | undefined => {
    for (const [imagesName, labelsName] of pairs) {
      const images = byName.get(imagesName);
      const labels = byName.get(labelsName);
      if (images !== undefined && labels !== undefined) return [images, labels];
    }
    return undefined;
  };
  const train = find(trainNames) ?? find(wholeNames);
  if (train === undefined) {
    const found = arrays.size === 0 ? 'none' : [...arrays.keys()].join(', ');
    throw wrongFile(label, arrayNames, found, 'Rename the arrays.');
  }
  const scale = await pixelScale(train[0]);
  const test = find(testNames);
  return {
    train: await arraySplit(...train, scale),
    ...(test === undefined ? {} : { test: await arraySplit(...test, scale) }),
  };
}
