/**
 * @file What a format of data sets is.
 */
import type { FileTree } from './files/tree.js';
import type { Scratch } from './files/scratch.js';
import type { KnownConstants } from './facts.js';
import type { ImageSplit } from './split.js';

export interface FormatOptions {
  /** Pictures are scaled to this shortest side and cropped to a square of it; for formats of picture files. */
  readonly size?: number | undefined;
  /** A class subset of ImageNet, by its name. */
  readonly subset?: string | undefined;
  /** For what has to be unpacked. */
  readonly scratch: Scratch;
}

/** What a format finds in the files. */
export interface FormatContents {
  readonly train: ImageSplit;
  /** Where the data set has one. */
  readonly test?: ImageSplit;
  /** In the order of the labels, where the format knows them. */
  readonly classNames?: readonly string[];
  /** What is published of the one data set that has this format. */
  readonly constants?: KnownConstants & { readonly classNames?: readonly string[] };
}

export interface DatasetFormat {
  /** As the user gives it. */
  readonly name: string;
  /** The files it goes by, for messages. */
  readonly looksFor: string;
  /** Whether its images are picture files of any size, which `size` can bring to one. */
  readonly pictures: boolean;
  /** Whether it can be ImageNet, of which there are class subsets. */
  readonly subsets: boolean;
  /** Whether the files are of this format, by their names. */
  detect(tree: FileTree): boolean;
  /**
   * Reads labels and shapes; images are read later.
   * @throws DistilleryError `InvalidDataset` naming the file, what was expected and what was found.
   */
  open(tree: FileTree, options: FormatOptions): Promise<FormatContents>;
}
