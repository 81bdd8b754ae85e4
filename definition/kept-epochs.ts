/**
 * @file Which epochs of an expert are kept, and from which of them matching may start.
 */
import type { MttConfig, TrainExpertsConfig } from './plan.js';

/** The epochs kept, in order; undefined when it is all of them. Epoch 0 is the initialisation. */
export function keptEpochs({
  epochs,
  keepEpochs,
}: Pick<TrainExpertsConfig, 'epochs' | 'keepEpochs'>): readonly number[] | undefined {
  if (keepEpochs === undefined) return undefined;
  if (!isSpacing(keepEpochs)) return keepEpochs;
  const { every } = keepEpochs;
  return Array.from({ length: Math.floor(epochs / every) + 1 }, (_, i) => i * every);
}

/** Whether they are given by their distance rather than listed. */
export function isSpacing(
  keepEpochs: NonNullable<TrainExpertsConfig['keepEpochs']>,
): keepEpochs is { readonly every: number } {
  return !Array.isArray(keepEpochs);
}

/** Snapshots of one expert. */
export function snapshotCount(config: Pick<TrainExpertsConfig, 'epochs' | 'keepEpochs'>): number {
  return keptEpochs(config)?.length ?? config.epochs + 1;
}

export type StartEpochs = Pick<
  MttConfig,
  'expertEpochs' | 'maxStartEpoch' | 'minStartEpoch' | 'startEpochGrowth'
>;

/** Start epochs of an iteration lie below this; it grows as Guo et al. (2024) let it. */
export function startEpochBound({ maxStartEpoch, startEpochGrowth }: StartEpochs, iteration: number): number {
  if (startEpochGrowth === undefined) return maxStartEpoch;
  const { from, iterations } = startEpochGrowth;
  return Math.min(from + Math.floor(((maxStartEpoch - from) * iteration) / iterations), maxStartEpoch);
}

/**
 * The start epochs that an iteration may draw: of the range, those of which start and target were kept.
 *
 * @param kept epochs that were kept; all when undefined
 */
export function startEpochs(
  method: StartEpochs,
  iteration: number,
  kept: readonly number[] | undefined,
): number[] {
  const { minStartEpoch = 0, expertEpochs } = method;
  const range = Array.from(
    { length: Math.max(0, startEpochBound(method, iteration) - minStartEpoch) },
    (_, i) => minStartEpoch + i,
  );
  if (kept === undefined) return range;
  const there = new Set(kept);
  return range.filter((epoch) => there.has(epoch) && there.has(epoch + expertEpochs));
}
