/**
 * @file What is known of data sets. Mean and std are the constants of the published runs, so that numbers can
 * be compared; they differ from computed ones in the fourth digit.
 */
import type { ImageShape } from '../networks/spec.js';

/** What training needs to know of a data set and its images do not say. */
export interface KnownConstants {
  /** Per channel, of pixels in [0,1]. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Whether mirrored images keep their class. */
  readonly flip: boolean;
}

export interface DatasetFacts extends KnownConstants {
  readonly name: string;
  readonly shape: ImageShape;
  /** Where there are few. */
  readonly classNames?: readonly string[];
  readonly classes: number;
}

/** Of ImageNet, its class subsets and Tiny ImageNet. */
export const imagenetConstants: KnownConstants = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  flip: true,
};

const grey28: ImageShape = { channels: 1, height: 28, width: 28 };
const colour32: ImageShape = { channels: 3, height: 32, width: 32 };
const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

const facts: readonly DatasetFacts[] = [
  {
    name: 'fashion-mnist',
    shape: grey28,
    classes: 10,
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
  // A mirrored digit is no longer that digit.
  {
    name: 'mnist',
    shape: grey28,
    classes: 10,
    classNames: digits,
    mean: [0.1307],
    std: [0.3081],
    flip: false,
  },
  {
    name: 'svhn',
    shape: colour32,
    classes: 10,
    classNames: digits,
    mean: [0.4377, 0.4438, 0.4728],
    std: [0.198, 0.201, 0.197],
    flip: false,
  },
  {
    name: 'cifar-10',
    shape: colour32,
    classes: 10,
    classNames: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
    mean: [0.4914, 0.4822, 0.4465],
    std: [0.2023, 0.1994, 0.201],
    flip: true,
  },
  {
    name: 'cifar-100',
    shape: colour32,
    classes: 100,
    mean: [0.5071, 0.4866, 0.4409],
    std: [0.2673, 0.2564, 0.2762],
    flip: true,
  },
  {
    name: 'tiny-imagenet',
    shape: { channels: 3, height: 64, width: 64 },
    classes: 200,
    ...imagenetConstants,
  },
];

/** What is known of the data set of that name, or undefined. */
export function datasetFacts(name: string): DatasetFacts | undefined {
  return facts.find((known) => known.name === name);
}
