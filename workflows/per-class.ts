/**
 * @file What a run is told of the images it draws, so that a class with too few of them is found before any work.
 */
import type { DatasetInput } from '../compute/protocol.js';

/** @param perClass real images of each class that are drawn, of which more may have become known */
export function withPerClass(dataset: DatasetInput, perClass: number): DatasetInput {
  return perClass > (dataset.perClass ?? 0) ? { ...dataset, perClass } : dataset;
}
