/**
 * @file A module of networks as the owner of a worker writes it; docs/networks.md shows it.
 */
import type { CustomNetworks } from 'distillery';

export default {
  Wide:
    ({ width = 8 }) =>
    (layers, images, classes) => {
      const filters = Number(width);
      let x = layers.convolution('stem', images, { filters, size: 3, stride: 2, padding: 1, bias: 'unused' });
      x = layers.relu(layers.normalise('norm', x, 'instance'));
      // A residual block, and a gate that the graph builder multiplies in.
      const inner = layers.relu(layers.convolution('inner', x, { filters, size: 3, padding: 1 }));
      const gate = layers.graph.sigmoid(layers.parameter('gate.bias', [filters]));
      x = layers.graph.add(x, layers.graph.mul(inner, gate));
      return layers.linear('classifier', layers.maxPool(x), classes);
    },
} satisfies CustomNetworks;
