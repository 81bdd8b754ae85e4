/**
 * @file How many parameters a network has, by formula: known before anything is built.
 */
import type { ConvNetSpec, ImageShape, NetworkSpec } from '../networks/spec.js';
import { imageSizeProblem } from './image-sizes.js';
import { maximumExpertParameters } from './limits.js';

/** Trainable parameters, or undefined when the images do not suit the network or only its owner can know. */
export function parameterCount(network: NetworkSpec, image: ImageShape, classes: number): number | undefined {
  if (imageSizeProblem(network, image) !== undefined) return undefined;
  switch (network.architecture) {
    case 'ConvNet':
      return convNet(network, image, classes);
    case 'MLP':
      return linear(areaOf(image) * image.channels, 128) + linear(128, 128) + linear(128, classes);
    case 'LeNet':
      return leNet(image, classes);
    case 'AlexNet':
      return alexNet(image, classes);
    case 'VGG11':
      return vgg11(image, classes);
    case 'ResNet18':
      return resNet18(image) + linear(512, classes);
    case 'ResNet18_AP':
      return resNet18(image) + linear(512 * areaOf(halved(image, 3)), classes);
    case 'custom':
      return undefined;
  }
}

interface Sides {
  readonly height: number;
  readonly width: number;
}

const areaOf = ({ height, width }: Sides): number => height * width;
const linear = (inputs: number, outputs: number): number => inputs * outputs + outputs;
/** With a bias. */
const convolution = (channels: number, filters: number, size: number): number =>
  filters * channels * size * size + filters;
/** Weight and bias of a normalisation. */
const affine = (channels: number): number => 2 * channels;

/** After so many poolings 2x2. */
function halved({ height, width }: Sides, times = 1): Sides {
  return { height: Math.floor(height / 2 ** times), width: Math.floor(width / 2 ** times) };
}

/** After a layer that adds so much to each side. */
function grown({ height, width }: Sides, border: number): Sides {
  return { height: height + border, width: width + border };
}

/** First layers pad images of one channel further, by 2 on each side, so that 28 becomes 32. */
function extraBorder({ channels }: ImageShape): number {
  return channels === 1 ? 4 : 0;
}

function convNet({ depth, width, norm, pool }: ConvNetSpec, image: ImageShape, classes: number): number {
  let sides: Sides = grown(image, extraBorder(image));
  let { channels } = image;
  let parameters = 0;
  for (let block = 0; block < depth; block++) {
    parameters += convolution(channels, width, 3);
    if (norm === 'layer') parameters += affine(width * areaOf(sides));
    else if (norm !== 'none') parameters += affine(width);
    if (pool !== 'none') sides = halved(sides);
    channels = width;
  }
  return parameters + linear(channels * areaOf(sides), classes);
}

function leNet(image: ImageShape, classes: number): number {
  const first = halved(grown(image, extraBorder(image) - 4));
  const inputs = 16 * areaOf(halved(grown(first, -4)));
  const convolutions = convolution(image.channels, 6, 5) + convolution(6, 16, 5);
  return convolutions + linear(inputs, 120) + linear(120, 84) + linear(84, classes);
}

function alexNet(image: ImageShape, classes: number): number {
  const convolutions =
    convolution(image.channels, 128, 5) +
    convolution(128, 192, 5) +
    convolution(192, 256, 3) +
    convolution(256, 192, 3) +
    convolution(192, 192, 3);
  return convolutions + linear(192 * areaOf(halved(grown(image, extraBorder(image)), 3)), classes);
}

function vgg11(image: ImageShape, classes: number): number {
  let { channels } = image;
  let parameters = 0;
  for (const filters of [64, 128, 256, 256, 512, 512, 512, 512]) {
    parameters += convolution(channels, filters, 3) + affine(filters);
    channels = filters;
  }
  return parameters + linear(512 * areaOf(halved(grown(image, extraBorder(image)), 5)), classes);
}

/** All but the classifier; the convolutions have no bias. */
function resNet18(image: ImageShape): number {
  const normalised = (channels: number, filters: number, size: number): number =>
    filters * channels * size * size + affine(filters);
  let channels = 64;
  let parameters = normalised(image.channels, 64, 3);
  for (const filters of [64, 128, 256, 512]) {
    parameters += normalised(channels, filters, 3) + 3 * normalised(filters, filters, 3);
    if (channels !== filters) parameters += normalised(channels, filters, 1);
    channels = filters;
  }
  return parameters;
}

/** Why experts of so many parameters cannot be stored, where they cannot. */
export function snapshotProblem(parameters: number): string {
  const millions = (count: number): string => `${(count / 1e6).toFixed(1)} million`;
  return (
    `experts of ${millions(parameters)} parameters cannot be stored: a snapshot is one object, which holds ` +
    millions(maximumExpertParameters)
  );
}
