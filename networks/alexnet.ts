/**
 * @file AlexNet for small images: five convolutions, three of them pooled, and one linear layer on whatever they
 * leave of the image.
 */
import type { NetworkFunction } from './build.js';

export const alexNet: NetworkFunction = (layers, images, classes) => {
  // The reference pads grey images further, so that 28 becomes 32.
  const padding = images.shape[3] === 1 ? 4 : 2;
  let x = layers.convolution('features.0', images, { filters: 128, size: 5, padding });
  x = layers.maxPool(layers.relu(x));
  x = layers.convolution('features.3', x, { filters: 192, size: 5, padding: 2 });
  x = layers.maxPool(layers.relu(x));
  x = layers.relu(layers.convolution('features.6', x, { filters: 256, size: 3, padding: 1 }));
  x = layers.relu(layers.convolution('features.8', x, { filters: 192, size: 3, padding: 1 }));
  x = layers.relu(layers.convolution('features.10', x, { filters: 192, size: 3, padding: 1 }));
  return layers.linear('fc', layers.maxPool(x), classes);
};
