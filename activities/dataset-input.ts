/**
 * @file What the work of a run is told of its data set.
 */
import type { Reference } from '../artifacts/reference.js';
import type { DatasetInput } from '../compute/protocol.js';
import type { DatasetSpec } from '../definition/plan.js';

/** @param manifest of the data set; what is not given in the definition is left out, as it is part of keys */
export function datasetInput(
  { limit, holdout, zca }: DatasetSpec,
  seed: number,
  manifest: Reference,
): DatasetInput {
  return { manifest, ...(limit !== undefined && { limit }), holdout, seed, ...(zca && { zca }) };
}
