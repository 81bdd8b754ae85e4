/**
 * @file What is known of the built-in data sets before they are in a store, so that a definition can be
 * checked and its cost counted without one.
 */
import type { ImageShape } from '../networks/spec.js';

export interface KnownDataset {
  readonly shape: ImageShape;
  readonly classes: number;
  readonly trainImages: number;
  readonly testImages: number;
}

const datasets: ReadonlyMap<string, KnownDataset> = new Map([
  [
    'fashion-mnist',
    { shape: { channels: 1, height: 28, width: 28 }, classes: 10, trainImages: 60_000, testImages: 10_000 },
  ],
]);

/** Size and shape of a built-in data set; undefined for those only the store knows. */
export function knownDataset(source: string): KnownDataset | undefined {
  return datasets.get(source);
}
