/**
 * @file The `trainExperts` workflow changed on purpose: once as it must not be, once as it may be. See
 * docs/changing-workflows.md.
 */
import { patched, sleep } from '@temporalio/workflow';
import { trainExperts as released, type TrainExpertsInput } from '../../workflows/train-experts.js';

/** A new command before the first that is on record: the history of a running stage no longer fits. */
export async function trainExperts(input: TrainExpertsInput) {
  await sleep('1 second');
  return released(input);
}

/** The same change for new runs only. */
export async function trainExpertsPatched(input: TrainExpertsInput) {
  if (patched('wait-first')) await sleep('1 second');
  return released(input);
}
