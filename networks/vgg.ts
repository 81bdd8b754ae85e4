/**
 * @file VGG11: eight convolutions in five pooled groups, and one linear layer on whatever they leave of the image.
 */
import type { NetworkFunction } from './build.js';
import type { NormalisedSpec } from './spec.js';

const groups = [[64], [128], [256, 256], [512, 512], [512, 512]];

export function vgg11({ norm }: NormalisedSpec): NetworkFunction {
  return (layers, images, classes) => {
    let x = images;
    let layer = 0;
    for (const group of groups) {
      for (const filters of group) {
        // The reference pads grey images further at first, so that 28 becomes 32.
        const padding = layer === 0 && images.shape[3] === 1 ? 3 : 1;
        x = layers.convolution(`features.${layer}`, x, { filters, size: 3, padding, bias: 'unused' });
        x = layers.relu(layers.normalise(`features.${layer + 1}`, x, norm));
        // Convolution, normalisation, ReLU.
        layer += 3;
      }
      x = layers.maxPool(x);
      layer += 1;
    }
    return layers.linear('classifier', x, classes);
  };
}
