/**
 * @file MLP: two hidden layers of 128 on the pixels.
 */
import type { NetworkFunction } from './build.js';

export const perceptron: NetworkFunction = (layers, images, classes) => {
  const first = layers.relu(layers.linear('fc_1', images, 128));
  const second = layers.relu(layers.linear('fc_2', first, 128));
  return layers.linear('fc_3', second, classes);
};
