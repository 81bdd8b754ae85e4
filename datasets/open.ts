/**
 * @file A data set where the user has it: its format found, its labels read and checked, its images ready to
 * be read in batches. Nothing is held whole.
 */
import { DistilleryError } from '../errors/errors.js';
import type { KnownConstants } from './facts.js';
import { openFiles } from './files/open.js';
import type { FormatContents } from './format.js';
import { findFormat } from './formats.js';
import { openLoaded, type LoaderSource } from './loader.js';
import { holdOut, type HoldoutSettings } from './holdout.js';
import { shapeText, type ImageSplit } from './split.js';

export interface OpenOptions extends HoldoutSettings {
  /** Name of the format; default: found by looking. */
  readonly format?: string | undefined;
  /** Shortest side that pictures are scaled to, and the square they are cropped to; default: as they are. */
  readonly size?: number | undefined;
  /** A class subset of ImageNet, by its name. */
  readonly subset?: string | undefined;
  /** In the order of the labels; default: as the data set says, else the numbers. */
  readonly classNames?: readonly string[] | undefined;
  /** Where S3's endpoint and credentials are found, for `s3://` places. Default: none. */
  readonly environment?: NodeJS.ProcessEnv;
}

/** Both splits of the same shape, with labels from 0 to `classNames.length - 1`, each class in each split. */
export interface OpenDataset {
  /** Name of its format. */
  readonly format: string;
  readonly train: ImageSplit;
  readonly test: ImageSplit;
  readonly classNames: readonly string[];
  /** Whether the test images were drawn from a data set that came without any. */
  readonly heldOut: boolean;
  readonly constants?: KnownConstants;
  /** Whether mirrored images keep their class, where a loader says so. */
  readonly flip?: boolean;
  /** Removes what was unpacked. */
  readonly close: () => Promise<void>;
}

/**
 * @param source a folder, a file, `s3://bucket/prefix`, or code that brings the data set.
 * @param known class names for data sets that bring none.
 * @throws DistilleryError `InvalidDataset` naming what is wrong.
 */
export async function openDataset(
  source: string | LoaderSource,
  options: OpenOptions = {},
  known?: readonly string[],
): Promise<OpenDataset> {
  if (typeof source === 'string') return openPlace(source, options, known);
  const { flip, ...contents } = await openLoaded(source);
  const dataset = divide(source.label, contents, options, known);
  return {
    ...dataset,
    format: 'loader',
    ...(flip !== undefined && { flip }),
    close: () => Promise.resolve(),
  };
}

async function openPlace(
  place: string,
  options: OpenOptions,
  known: readonly string[] | undefined,
): Promise<OpenDataset> {
  const { format: formatName, size, subset, environment = {} } = options;
  const { tree: root, scratch, close } = await openFiles(place, environment);
  try {
    const { format, tree } = await findFormat(root, scratch, formatName);
    if (!format.pictures && size !== undefined) {
      throw invalid(`--size is for picture files; the images of ${format.name} keep their size.`);
    }
    if (!format.subsets && subset !== undefined) {
      throw invalid(`--subset is for folders of ImageNet, not for ${format.name}.`);
    }
    const contents = await format.open(tree, { size, subset, scratch });
    return { ...divide(place, contents, options, known), format: format.name, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Checks the labels, and holds out test images where there are none. */
function divide(
  place: string,
  { train: all, test: own, classNames: found, constants }: FormatContents,
  options: OpenOptions,
  known: readonly string[] | undefined,
): Omit<OpenDataset, 'format' | 'close'> {
  const named = options.classNames ?? found ?? known ?? constants?.classNames;
  const classNames = named ?? numbers(all, own);
  // How many classes there are is then concluded from the labels, of which one may be wrong.
  const suspect = named === undefined && own !== undefined ? highestLabel(own) : undefined;
  checkLabels(place, 'train', all, classNames, suspect);
  const { train, test } = own === undefined ? holdOut(all, options, classNames) : { train: all, test: own };
  if (shapeText(train.shape) !== shapeText(test.shape)) {
    throw invalid(
      `${place}: training images are ${shapeText(train.shape)}, test images ${shapeText(test.shape)}. They must be alike.`,
    );
  }
  checkLabels(place, 'test', test, classNames);
  return {
    train,
    test,
    classNames,
    heldOut: own === undefined,
    ...(constants === undefined ? {} : { constants }),
  };
}

function numbers(...splits: readonly (ImageSplit | undefined)[]): string[] {
  const highest = splits.reduce(
    (top, split) => split?.labels.reduce((most, label) => Math.max(most, label), top) ?? top,
    0,
  );
  return Array.from({ length: Math.min(highest, mostClasses) + 1 }, (_, label) => String(label));
}

/** Where the highest label of the test images is. */
function highestLabel({ labels, nameOf }: ImageSplit): string {
  const label = labels.reduce((most, next) => Math.max(most, next), 0);
  return `the highest label of the test images is ${label} (${nameOf(labels.indexOf(label))})`;
}

/** Of a data set without class names, so that a damaged label is not taken for a number of classes. */
const mostClasses = 100_000;

function checkLabels(
  place: string,
  name: string,
  { labels, nameOf }: ImageSplit,
  classNames: readonly string[],
  suspect?: string,
): void {
  const classes = classNames.length;
  if (classes < 2) throw invalid(`${place}: expected 2 or more classes, found ${classes}.`);
  const counts = new Float64Array(classes);
  labels.forEach((label, index) => {
    if (label < 0 || label >= classes) {
      throw invalid(
        `${place}: ${name} image ${index} has label ${label}, expected 0 to ${classes - 1} for ${classes} classes ` +
          `(${nameOf(index)}). Check the labels and the class names.`,
      );
    }
    counts[label] = (counts[label] ?? 0) + 1;
  });
  const absent = classNames.filter((_, label) => counts[label] === 0);
  if (absent.length > 0) {
    const listed = absent.slice(0, 5).join(', ') + (absent.length > 5 ? ', ...' : '');
    throw invalid(
      `${place}: the ${name} split has no image of ${absent.length} of ${classes} classes (${listed}). ` +
        `Every class must be in both splits${suspect === undefined ? '' : `; ${suspect}`}.`,
    );
  }
}

function invalid(message: string): DistilleryError {
  return new DistilleryError('InvalidDataset', message);
}
