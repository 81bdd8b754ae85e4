/** @file A network of this project. */
export default {
  Small:
    ({ width = 4 }) =>
    (layers, images, classes) => {
      const x = layers.convolution('conv', images, { filters: Number(width), size: 3, padding: 1 });
      return layers.linear('classifier', layers.maxPool(layers.relu(x)), classes);
    },
};
