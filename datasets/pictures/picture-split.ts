/**
 * @file Picture files as a split: decoded as they are read, all brought to one shape.
 */
import type { ImageShape } from '../../networks/spec.js';
import { pixelCount, type ImageSplit, type Keep } from '../split.js';
import { wrongFile } from '../wrong-file.js';
import { decodePicture, readHeader, type Picture, type PictureHeader } from './picture.js';
import { resizeAndCrop } from './resize.js';

/** A picture that can be read, wherever its bytes are. */
export interface PictureFile {
  /** As messages name it. */
  readonly label: string;
  read(): Promise<Uint8Array>;
}

/** Pictures that are looked at to find whether the data set is in colour. */
const probes = 32;
/** Read at once; the slowest part of reading from S3 is waiting for answers. */
const batchPictures = 32;

/**
 * The shape that all pictures must have: with `size` a square of it, else that of the first; in colour if one of
 * some of them is.
 * @param pictures not empty.
 * @throws DistilleryError `InvalidDataset` naming a picture that is none.
 */
export async function pictureShape(pictures: readonly PictureFile[], size?: number): Promise<ImageShape> {
  const step = Math.max(1, Math.floor(pictures.length / probes));
  const headers: PictureHeader[] = [];
  for (let at = 0; at < pictures.length; at += step) {
    const picture = pictures[at];
    if (picture !== undefined) headers.push(readHeader(await picture.read(), picture.label));
  }
  const [first] = headers;
  const channels = headers.some(({ colour }) => colour) ? 3 : 1;
  return { channels, height: size ?? first?.height ?? 0, width: size ?? first?.width ?? 0 };
}

/** @param resize whether pictures of other sizes are brought to that of the shape; then it is a square. */
export function pictureSplit(
  pictures: readonly PictureFile[],
  labels: Int32Array,
  shape: ImageShape,
  resize: boolean,
): ImageSplit {
  return {
    shape,
    labels,
    nameOf: (index) => pictures[index]?.label ?? `picture ${index}`,
    batches: (keep?: Keep) => {
      const wanted = keep === undefined ? pictures : pictures.filter((_, index) => keep(index));
      return decodeAll(wanted, shape, resize);
    },
  };
}

async function* decodeAll(
  pictures: readonly PictureFile[],
  shape: ImageShape,
  resize: boolean,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < pictures.length; at += batchPictures) {
    const batch = pictures.slice(at, at + batchPictures);
    const contents = await Promise.all(batch.map((picture) => picture.read()));
    const images = new Uint8Array(batch.length * pixelCount(shape));
    batch.forEach(({ label }, i) => {
      images.set(toImage(contents[i] ?? new Uint8Array(), label, shape, resize), i * pixelCount(shape));
    });
    yield images;
  }
}

/**
 * A picture as [c,h,w] bytes of that shape.
 * @throws DistilleryError `InvalidDataset` when it is damaged or does not fit.
 */
export function toImage(content: Uint8Array, label: string, shape: ImageShape, resize: boolean): Uint8Array {
  const decoded = decodePicture(content, label);
  const picture = resize ? resizeAndCrop(decoded, shape.width) : decoded;
  if (picture.width !== shape.width || picture.height !== shape.height) {
    const expected = `${shape.width} x ${shape.height} pixels as in the first picture`;
    const advice = 'Give --size to bring all pictures to one size.';
    throw wrongFile(label, expected, `${picture.width} x ${picture.height}`, advice);
  }
  if (shape.channels === 1 && picture.colour && !isGrey(picture)) {
    const advice = 'Convert the grey pictures to colour, or this one to grey.';
    throw wrongFile(label, 'a grey picture like the others', 'a coloured one', advice);
  }
  const area = shape.width * shape.height;
  const image = new Uint8Array(shape.channels * area);
  for (let channel = 0; channel < shape.channels; channel += 1) {
    for (let pixel = 0; pixel < area; pixel += 1) {
      image[channel * area + pixel] = picture.pixels[pixel * 3 + channel] ?? 0;
    }
  }
  return image;
}

function isGrey({ pixels }: Picture): boolean {
  for (let at = 0; at < pixels.length; at += 3) {
    if (pixels[at] !== pixels[at + 1] || pixels[at] !== pixels[at + 2]) return false;
  }
  return true;
}
