/**
 * @file LeNet with ReLU and max pooling. The first linear layer takes whatever the images leave.
 */
import type { NetworkFunction } from './build.js';

export const leNet: NetworkFunction = (layers, images, classes) => {
  // The reference pads grey images, so that 28 is what 32 is in colour.
  const padding = images.shape[3] === 1 ? 2 : 0;
  let x = layers.convolution('features.0', images, { filters: 6, size: 5, padding });
  x = layers.maxPool(layers.relu(x));
  x = layers.convolution('features.3', x, { filters: 16, size: 5 });
  x = layers.maxPool(layers.relu(x));
  x = layers.relu(layers.linear('fc_1', x, 120));
  x = layers.relu(layers.linear('fc_2', x, 84));
  return layers.linear('fc_3', x, classes);
};
