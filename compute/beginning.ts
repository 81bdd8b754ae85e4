/**
 * @file Where a distillation begins: at a checkpoint, or at its first images.
 */
import { canonicalJson } from '../artifacts/canonical-json.js';
import type { Checkpoint } from '../artifacts/checkpoints.js';
import { getDistilled } from '../artifacts/distilled-sets.js';
import type { DistilledSet } from '../artifacts/result-folder.js';
import type { DistillState } from '../distillation/distill-state.js';
import { initialImages, syntheticLabels } from '../distillation/synthetic-set.js';
import { DistilleryError } from '../errors/errors.js';
import type { TaskContext } from './context.js';
import { distillState } from './distill-checkpoint.js';
import type { DistillChunkInput } from './protocol.js';
import type { RunImages } from './warm.js';

/** The state to go on from; `begin` makes it of the first images where there is no checkpoint. */
export type Beginning = (
  begin: (images: Float32Array) => DistillState | Promise<DistillState>,
) => Promise<DistillState>;

export function beginningOf(
  input: DistillChunkInput,
  images: RunImages,
  context: TaskContext,
  newest: Checkpoint | undefined,
): Beginning {
  return async (begin) => (newest ? distillState(newest) : begin(await firstImages(input, images, context)));
}

async function firstImages(
  { config: { init, ipc }, initial, seed }: DistillChunkInput,
  { trainBytes, train, manifest }: RunImages,
  { store }: TaskContext,
): Promise<Float32Array> {
  if (init !== 'given') return initialImages(init, { images: trainBytes, normalised: train }, { ipc, seed });
  if (initial === undefined)
    throw new DistilleryError('InvalidDefinition', 'There are no images to start from: give `init` a stage.');
  const set = await getDistilled(store, initial);
  const labels = syntheticLabels(manifest.classes, ipc);
  const { channels, height, width } = manifest.shape;
  const pixels = labels.length * channels * height * width;
  const sameLabels =
    set.labels.length === labels.length && set.labels.every((label, i) => label === labels[i]);
  if (!sameLabels || set.images.length !== pixels)
    throw new DistilleryError(
      'InvalidDefinition',
      `The images to start from are ${set.ipc} for each of ${set.classNames.length} classes, with ` +
        `${Object.values(set.shape).join('x')} values each; this distillation needs ${ipc} for each of ` +
        `${manifest.classes} classes, with ${[channels, height, width].join('x')}. Make as many images as are distilled.`,
    );
  const sameScale =
    (set.whitening === undefined) === (manifest.whitening === undefined) &&
    canonicalJson([set.mean, set.std]) === canonicalJson([manifest.mean, manifest.std]);
  if (!sameScale)
    throw new DistilleryError(
      'InvalidDefinition',
      `The images to start from are ${scaleOf(set)}, and those of this run ${scaleOf(manifest)}: make them alike.`,
    );
  return set.images;
}

function scaleOf({ whitening, mean, std }: Pick<DistilledSet, 'whitening' | 'mean' | 'std'>): string {
  return whitening === undefined
    ? `normalised by mean ${mean.join(', ')} and std ${std.join(', ')}`
    : 'whitened';
}
