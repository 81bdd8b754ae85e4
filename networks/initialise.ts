/**
 * @file The default initialisation: weights and biases of convolutions and linear layers uniform within
 * 1/sqrt(fan in), normalisations the identity.
 */
import { sizeOf } from '../tensor/shape.js';
import type { Network } from './network.js';

/** Uniform numbers in [0,1). */
export interface UniformSource {
  uniform(): number;
}

/** A filter or a matrix; the weights of normalisations have 1 or 3 axes. */
function isLinear(shape: readonly number[] | undefined): shape is readonly number[] {
  return shape?.length === 2 || shape?.length === 4;
}

/**
 * Fresh parameters, flat in the network's order.
 *
 * @param stream - Where the numbers of a parameter come from; one stream each, so that a parameter's values
 * do not depend on those before it.
 */
export function initialiseParameters(
  network: Network,
  stream: (parameterIndex: number) => UniformSource,
): Float32Array {
  const flat = new Float32Array(network.parameterCount);
  const shapes = new Map(network.parameters.map(({ name, shape }) => [name, shape]));
  let offset = 0;
  network.parameters.forEach(({ name, shape }, index) => {
    const values = flat.subarray(offset, offset + sizeOf(shape));
    offset += values.length;
    const weight = shapes.get(name.replace(/bias$/, 'weight'));
    if (isLinear(weight)) {
      const bound = 1 / Math.sqrt(sizeOf(weight.slice(1)));
      const source = stream(index);
      for (let k = 0; k < values.length; k++) values[k] = (2 * source.uniform() - 1) * bound;
    } else if (name.endsWith('weight')) {
      values.fill(1);
    }
  });
  return flat;
}

/** Running averages before the first batch: means of 0, variances of 1. */
export function initialStatistics(network: Network): Float32Array {
  const values = network.statistics.flatMap(({ name, shape }) =>
    new Array<number>(sizeOf(shape)).fill(name.endsWith('running_var') ? 1 : 0),
  );
  return Float32Array.from(values);
}
