/**
 * @file What is known of well-known data sets before they are in a store, so that a definition can be checked
 * and its cost counted without one.
 */
import type { ImageShape } from '../networks/spec.js';

export interface KnownDataset {
  readonly shape: ImageShape;
  readonly classes: number;
  readonly trainImages: number;
  readonly testImages: number;
  /** Absent where it is not known. */
  readonly rarest?: RarestClass;
}

/** How many images the class with the fewest has. */
export interface RarestClass {
  readonly images: number;
  /** Whether those are counted that a run trains on. Absent: all training images. */
  readonly inRun?: true;
  /** Name of the class, where it is known. */
  readonly name?: string;
}

function known(
  channels: number,
  side: number,
  classes: number,
  trainImages: number,
  testImages: number,
  rarest: number,
): KnownDataset {
  const shape = { channels, height: side, width: side };
  return { shape, classes, trainImages, testImages, rarest: { images: rarest } };
}

const datasets: ReadonlyMap<string, KnownDataset> = new Map([
  ['fashion-mnist', known(1, 28, 10, 60_000, 10_000, 6000)],
  ['mnist', known(1, 28, 10, 60_000, 10_000, 5421)],
  ['svhn', known(3, 32, 10, 73_257, 26_032, 4659)],
  ['cifar-10', known(3, 32, 10, 50_000, 10_000, 5000)],
  ['cifar-100', known(3, 32, 100, 50_000, 10_000, 500)],
  ['tiny-imagenet', known(3, 64, 200, 100_000, 10_000, 500)],
]);

/** Names of the data sets that are known before they are in a store. */
export const knownDatasets: readonly string[] = [...datasets.keys()];

/** Size and shape of a well-known data set; undefined for those only the store knows. */
export function knownDataset(source: string): KnownDataset | undefined {
  return datasets.get(source);
}
