/**
 * @file A test set for data that comes without one.
 */
import { DistilleryError } from '../errors/errors.js';
import { Stream } from '../random/stream.js';
import { subsplit, type ImageSplit } from './split.js';

/** The share of the images that is held out, and the seed that draws them. */
export interface HoldoutSettings {
  /** Of every class, rounded, but at least 1 image. Default 0.1. */
  readonly testFraction?: number | undefined;
  /** Default 1. */
  readonly seed?: number | undefined;
}

export const defaultTestFraction = 0.1;
export const defaultHoldoutSeed = 1;

/**
 * Divides a split, class by class. What is drawn depends on the seed and on the order of the labels alone.
 * @param classNames for messages.
 * @throws DistilleryError `InvalidDataset` when a class is too small to be divided.
 */
export function holdOut(
  all: ImageSplit,
  { testFraction = defaultTestFraction, seed = defaultHoldoutSeed }: HoldoutSettings,
  classNames: readonly string[] = [],
): { train: ImageSplit; test: ImageSplit } {
  if (!(testFraction > 0 && testFraction < 1)) {
    throw invalid(`The test fraction is ${testFraction}; expected a number between 0 and 1.`);
  }
  const byLabel = new Map<number, number[]>();
  all.labels.forEach((label, index) => {
    const indices = byLabel.get(label);
    if (indices === undefined) byLabel.set(label, [index]);
    else indices.push(index);
  });
  const test: number[] = [];
  for (const [label, indices] of byLabel) {
    const count = Math.max(1, Math.round(indices.length * testFraction));
    if (count >= indices.length) {
      throw invalid(
        `Class ${classNames[label] ?? label} has ${counted(indices.length)}, too few to hold ${count} of them out for testing. ` +
          'Lower the test fraction, add images, or bring a test set.',
      );
    }
    const drawn = new Stream(seed, 'test-holdout', label).sample(indices.length, count);
    for (const position of drawn) test.push(indices[position] ?? 0);
  }
  const held = new Set(test);
  const train = Array.from(all.labels.keys()).filter((index) => !held.has(index));
  const rising = Uint32Array.from(test).sort();
  return { train: subsplit(all, Uint32Array.from(train)), test: subsplit(all, rising) };
}

function counted(images: number): string {
  return images === 1 ? '1 image' : `${images} images`;
}

function invalid(message: string): DistilleryError {
  return new DistilleryError('InvalidDataset', message);
}
