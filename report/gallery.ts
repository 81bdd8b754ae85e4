/**
 * @file Distilled images and real ones of their class, as pictures with names.
 */
import type { DistilledSet } from '../artifacts/result-folder.js';
import type { DatasetManifest, LabelledImages } from '../datasets/dataset.js';
import { denormalise, displayRange, rasterOfBytes, toRaster, type DisplayRange } from './pictures.js';
import { encodePng, type Raster } from './png.js';

export interface Picture {
  /** From 1, within its class. */
  readonly number: number;
  readonly raster: Raster;
  readonly png: Uint8Array;
  /** Which values are black and white; [0, 1] for a real image. */
  readonly range: DisplayRange;
}

export interface ClassPictures {
  readonly label: number;
  readonly name: string;
  readonly distilled: readonly Picture[];
  readonly real: readonly Picture[];
}

/** The first image of each of the first classes. */
export function firstOfEach(
  { shape }: Pick<DatasetManifest, 'shape'>,
  synthetic: DistilledSet,
  classes: number,
): Picture[] {
  return Array.from({ length: classes }, (_, label) => synthetic.labels.indexOf(label))
    .filter((index) => index >= 0)
    .map((index) => pictureOf(synthetic, shape, index, 1));
}

function pictureOf(
  synthetic: DistilledSet,
  shape: DatasetManifest['shape'],
  index: number,
  number: number,
): Picture {
  const size = shape.channels * shape.height * shape.width;
  const image = denormalise(synthetic.images.subarray(index * size, (index + 1) * size), synthetic);
  const range = displayRange(image);
  const raster = toRaster(image, shape, range);
  return { number, raster, png: encodePng(raster), range };
}

/** One entry for each class of the data set, in order. */
export function gallery(
  dataset: DatasetManifest,
  synthetic: DistilledSet,
  real: LabelledImages,
): ClassPictures[] {
  const { shape } = dataset;
  const size = shape.channels * shape.height * shape.width;
  const realPicture = (index: number, number: number): Picture => {
    const raster = rasterOfBytes(real.images.subarray(index * size, (index + 1) * size), shape);
    return { number, raster, png: encodePng(raster), range: { low: 0, high: 1 } };
  };
  return Array.from({ length: dataset.classes }, (_, label) => ({
    label,
    name: dataset.classNames[label] ?? `class ${label}`,
    distilled: indicesOf(synthetic.labels, label).map((index, at) =>
      pictureOf(synthetic, shape, index, at + 1),
    ),
    real: indicesOf(real.labels, label).map((index, at) => realPicture(index, at + 1)),
  }));
}

function indicesOf(labels: Int32Array, wanted: number): number[] {
  return Array.from(labels.keys()).filter((index) => labels[index] === wanted);
}
