/**
 * @file How many parameters a network has, by formula: known before anything is built.
 */
import type { ConvNetSpec, ImageShape, NetworkSpec } from '../networks/spec.js';

/** Trainable parameters, or undefined when the images are too small for the depth. */
export function parameterCount(network: NetworkSpec, image: ImageShape, classes: number): number | undefined {
  return convNet(network, image, classes);
}

function convNet(
  { depth, width, norm, pool }: ConvNetSpec,
  image: ImageShape,
  classes: number,
): number | undefined {
  // The first layer pads images of one channel by 3 instead of 1, so that 28 becomes 32.
  const border = image.channels === 1 ? 4 : 0;
  let [rows, columns] = [image.height + border, image.width + border];
  let channels = image.channels;
  let parameters = 0;
  for (let block = 0; block < depth; block++) {
    parameters += channels * width * 9 + width;
    if (norm === 'layer') parameters += 2 * width * rows * columns;
    else if (norm !== 'none') parameters += 2 * width;
    if (pool !== 'none') [rows, columns] = [Math.floor(rows / 2), Math.floor(columns / 2)];
    if (rows < 1 || columns < 1) return undefined;
    channels = width;
  }
  return parameters + channels * rows * columns * classes + classes;
}
