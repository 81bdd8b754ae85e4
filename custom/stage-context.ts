/**
 * @file What a stage of a user's own type is given to work with.
 */
import type { Reference } from '../artifacts/reference.js';
import type { DistilledSet } from '../artifacts/result-folder.js';
import type { DatasetManifest, LabelledImages } from '../datasets/dataset.js';

/** The artifacts, as much of them as a stage needs. What goes wrong is tried again within the store's patience. */
export interface StageStore {
  /** The bytes, verified against the reference's digest. */
  read(reference: Reference): Promise<Uint8Array>;
  /** Distilled or selected images. */
  readImages(reference: Reference): Promise<DistilledSet>;
  /** Stores bytes under their digest, at most 64 MiB; the same bytes stored twice are one artifact. */
  write(bytes: Uint8Array, mediaType: string): Promise<Reference>;
  /** Stores images in the form that an evaluate stage takes. */
  writeImages(images: DistilledSet): Promise<Reference>;
}

/** The data set of the run, divided as its definition says. Pixels are bytes, [n,c,h,w]. */
export interface StageDataset {
  readonly manifest: DatasetManifest;
  /** The images to train on. */
  readonly train: LabelledImages;
  /** Those set aside, on which choices may be made. */
  readonly holdout: LabelledImages;
  readonly test: LabelledImages;
}

/** Random numbers that depend on nothing but what they are drawn for. */
export interface RandomStream {
  /** Uniform over all 32-bit unsigned integers. */
  uint32(): number;
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Uniform over 0 .. n - 1. */
  integer(n: number): number;
  /** 0 .. n - 1 in random order. */
  permutation(n: number): Uint32Array;
  /** `k` different numbers of 0 .. n - 1 in random order. */
  sample(n: number, k: number): Uint32Array;
}

export interface StageContext {
  /** Id of the stage in the definition. */
  readonly id: string;
  readonly seed: number;
  readonly store: StageStore;
  /** Aborted when the run is cancelled or paused or the worker leaves: stop soon, nothing is kept. */
  readonly signal: AbortSignal;
  /** Reads the run's data set into memory. */
  readonly dataset: () => Promise<StageDataset>;
  /**
   * Keyed by the run's seed, the type of stage and up to two numbers of yours from 0 to 2^32 - 1; calls with the
   * same numbers give the same stream.
   */
  readonly random: (...indices: readonly number[]) => RandomStream;
  /**
   * Says how far the work is; shown by `distillery status`. Without a word for as long as the stage's `stallTimeout`
   * the attempt counts as failed.
   */
  readonly progress: (done: number, total: number, metrics?: Readonly<Record<string, number>>) => void;
}
