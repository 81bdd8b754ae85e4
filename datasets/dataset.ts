/**
 * @file What a data set is once it is in the store.
 */
import type { Reference } from '../artifacts/reference.js';
import type { ImageShape } from '../networks/spec.js';

/** One split as stored: safetensors shards with `images` U8 [n,c,h,w] and `labels` I32 [n]. */
export interface StoredSplit {
  readonly count: number;
  readonly shards: readonly Reference[];
}

/** Manifest at `datasets/<name>.json`. */
export interface DatasetManifest {
  readonly name: string;
  readonly shape: ImageShape;
  readonly classes: number;
  readonly classNames: readonly string[];
  /** Per channel, of pixels in [0,1]; training subtracts the mean and divides by the std. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Whether mirrored images keep their class; false for digits, where DSA goes without flip. */
  readonly flip: boolean;
  readonly train: StoredSplit;
  readonly test: StoredSplit;
}

/** Images in memory, NCHW bytes in one array. */
export interface LabelledImages {
  readonly shape: ImageShape;
  readonly count: number;
  readonly images: Uint8Array;
  readonly labels: Int32Array;
}

/** Images by index, wherever their pixels are: in memory, or in files of this machine. */
export interface ImageSource {
  readonly shape: ImageShape;
  readonly count: number;
  readonly labels: Int32Array;
  /** NCHW bytes of one image; good until the next call. */
  readonly pixels: (index: number) => Uint8Array;
}
