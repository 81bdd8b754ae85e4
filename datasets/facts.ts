/**
 * @file What is known of data sets by their name. Mean and std are the constants of the published runs, so
 * that numbers can be compared; they differ from computed ones in the fourth digit.
 */
import type { ImageShape } from '../networks/spec.js';

export interface DatasetFacts {
  readonly name: string;
  readonly shape: ImageShape;
  readonly classNames: readonly string[];
  /** Per channel, of pixels in [0,1]. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly flip: boolean;
}

const facts: readonly DatasetFacts[] = [
  {
    name: 'fashion-mnist',
    shape: { channels: 1, height: 28, width: 28 },
    classNames: [
      'T-shirt/top',
      'Trouser',
      'Pullover',
      'Dress',
      'Coat',
      'Sandal',
      'Shirt',
      'Sneaker',
      'Bag',
      'Ankle boot',
    ],
    mean: [0.2861],
    std: [0.353],
    flip: true,
  },
  {
    name: 'mnist',
    shape: { channels: 1, height: 28, width: 28 },
    classNames: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    mean: [0.1307],
    std: [0.3081],
    // A mirrored digit is no longer that digit.
    flip: false,
  },
];

/** What is known of the data set of that name, or undefined. */
export function datasetFacts(name: string): DatasetFacts | undefined {
  return facts.find((known) => known.name === name);
}
