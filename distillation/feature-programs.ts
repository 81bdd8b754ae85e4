/**
 * @file The features that a network classifies by, and how far those of a batch are from given ones on average.
 */
import { DistilleryError } from '../errors/errors.js';
import type { Network } from '../networks/network.js';
import { gradients } from '../tensor/differentiate.js';
import type { Device, DeviceTensor } from '../tensor/device.js';
import { GraphBuilder, type Node } from '../tensor/graph.js';
import { compile, type Program } from '../tensor/program.js';
import { pixelsOf } from './batches.js';
import type { ParameterSet } from './network-programs.js';
import { ProgramCache } from './program-cache.js';
import { inputNames } from './step-graphs.js';

const target = 'target';

function write(network: Network, batch: number): { g: GraphBuilder; images: Node; features: Node } {
  const { channels, height, width } = network.input;
  const g = new GraphBuilder();
  const images = g.input(inputNames.images, [batch, channels, height, width]);
  const parameters = network.parameters.map(({ shape }, index) =>
    g.input(inputNames.parameter(index), shape),
  );
  return { g, images, features: network.features(g, images, parameters) };
}

/** Outputs: features `[batch, size]`. */
function featuresProgram(network: Network, batch: number): Program {
  return compile([write(network, batch).features]);
}

/** Outputs: `|mean of the features - target|^2` and its gradient to the images. */
function distanceProgram(network: Network, batch: number): Program {
  const { g, images, features } = write(network, batch);
  const difference = g.sub(g.mean(features, [0]), g.input(target, [1, features.shape[1] ?? 1]));
  const distance = g.dot(difference, difference);
  return compile([distance, ...gradients(g, distance, [images])]);
}

/** Batch normalisation uses the batch at hand. */
export class FeaturePrograms {
  readonly #programs = new ProgramCache();

  constructor(
    private readonly network: Network,
    private readonly device: Device,
  ) {}

  /** `[count, size]`, row-major. */
  of(parameters: ParameterSet, images: Float32Array, count: number): Float32Array {
    const program = this.#programs.get('features', count, () => featuresProgram(this.network, count));
    const [features] = this.#run(program, parameters, images, count);
    return features ?? new Float32Array();
  }

  /**
   * The squared distance from the mean of the images' features to a point, and its gradient to the images.
   *
   * @param point as many values as there are features
   */
  distance(
    parameters: ParameterSet,
    images: Float32Array,
    count: number,
    point: Float32Array,
  ): { distance: number; images: Float32Array } {
    const program = this.#programs.get('distance', count, () => distanceProgram(this.network, count));
    const [distance, toImages] = this.#run(program, parameters, images, count, point);
    return { distance: distance?.[0] ?? Number.NaN, images: toImages ?? new Float32Array() };
  }

  #run(
    program: Program,
    parameters: ParameterSet,
    images: Float32Array,
    count: number,
    point?: Float32Array,
  ): Float32Array[] {
    const { channels, height, width } = this.network.input;
    if (images.length !== count * pixelsOf(this.network.input))
      throw new DistilleryError(
        'InvalidDefinition',
        `images: ${images.length} values given, but ${count} of ${channels}x${height}x${width} were meant`,
      );
    const given: Record<string, DeviceTensor> = {
      [inputNames.images]: this.device.upload(images, [count, channels, height, width]),
    };
    if (point) given[target] = this.device.upload(point, [1, point.length]);
    try {
      const sets = parameters.map((tensor, index) => [inputNames.parameter(index), tensor] as const);
      const outputs = this.device.run(program, { ...given, ...Object.fromEntries(sets) });
      const values = outputs.map((tensor) => this.device.download(tensor));
      this.device.release(...outputs);
      return values;
    } finally {
      this.device.release(...Object.values(given));
    }
  }
}
