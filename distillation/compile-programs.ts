/**
 * @file Network programs on a device: compiles each step once per batch size and moves data in and out.
 */
import type { ParameterShape } from '../artifacts/trajectory.js';
import { DistilleryError } from '../errors/errors.js';
import type { Network } from '../networks/network.js';
import type { Device, DeviceTensor } from '../tensor/device.js';
import { sizeOf } from '../tensor/shape.js';
import { FeaturePrograms } from './feature-programs.js';
import type {
  Batch,
  NetworkPrograms,
  ParameterSet,
  SecondOrderStep,
  SgdSettings,
} from './network-programs.js';
import { ProgramCache } from './program-cache.js';
import {
  gradientsProgram,
  inputNames,
  logitsProgram,
  momentumSgdProgram,
  plainSgdProgram,
  secondOrderProgram,
} from './step-graphs.js';

type Inputs = Record<string, DeviceTensor>;

class CompiledPrograms implements NetworkPrograms {
  readonly #programs = new ProgramCache();
  readonly features: FeaturePrograms;

  constructor(
    readonly network: Network,
    private readonly device: Device,
  ) {
    this.features = new FeaturePrograms(network, device);
  }

  upload(flat: Float32Array): ParameterSet {
    return this.#upload('parameters', flat, this.network.parameters);
  }

  uploadStatistics(flat: Float32Array): ParameterSet {
    return this.#upload('statistics', flat, this.network.statistics);
  }

  #upload(what: string, flat: Float32Array, shapes: readonly ParameterShape[]): ParameterSet {
    const expected = shapes.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    this.#expect(what, flat.length, expected);
    let offset = 0;
    return shapes.map(({ shape }) => {
      const start = offset;
      offset += sizeOf(shape);
      return this.device.upload(flat.subarray(start, offset), shape);
    });
  }

  download(set: ParameterSet): Float32Array {
    const flat = new Float32Array(set.reduce((sum, { shape }) => sum + sizeOf(shape), 0));
    let offset = 0;
    for (const tensor of set) {
      flat.set(this.device.download(tensor), offset);
      offset += sizeOf(tensor.shape);
    }
    return flat;
  }

  release(...sets: readonly ParameterSet[]): void {
    for (const set of sets) this.device.release(...set);
  }

  sgdStep(
    parameters: ParameterSet,
    velocity: ParameterSet | undefined,
    batch: Batch,
    settings: SgdSettings,
    statistics?: ParameterSet,
  ): ReturnType<NetworkPrograms['sgdStep']> {
    const { lr, momentum, weightDecay } = settings;
    if (velocity === undefined && momentum !== 0) {
      throw new DistilleryError('InvalidDefinition', `momentum ${momentum} needs a velocity to start from`);
    }
    const plain = velocity === undefined && weightDecay === 0;
    const tracking = statistics !== undefined;
    const step = `${plain ? 'plain-sgd' : 'momentum-sgd'}${tracking ? ' with statistics' : ''}`;
    const program = this.#programs.get(step, batch.count, () =>
      (plain ? plainSgdProgram : momentumSgdProgram)(this.network, batch.count, tracking),
    );
    const scope = this.#uploads(batch, plain ? { lr } : { lr, momentum, weightDecay });
    try {
      const zeros = plain || velocity !== undefined ? undefined : this.#zeros(scope);
      const inputs = {
        ...scope,
        ...named(inputNames.parameter, parameters),
        ...named(inputNames.velocity, velocity ?? zeros ?? []),
        ...named(inputNames.statistic, statistics ?? []),
      };
      const [loss, ...rest] = this.device.run(program, inputs);
      const moved = rest.splice(0, parameters.length);
      const velocities = rest.splice(0, plain ? 0 : parameters.length);
      if (velocity === undefined) this.device.release(...velocities);
      return {
        parameters: moved,
        velocity: velocity === undefined ? undefined : velocities,
        statistics: tracking ? rest : undefined,
        loss: this.#take(loss)[0] ?? NaN,
      };
    } finally {
      this.device.release(...Object.values(scope));
    }
  }

  logits(
    parameters: ParameterSet,
    images: Float32Array,
    count: number,
    statistics?: ParameterSet,
  ): Float32Array {
    const running = statistics !== undefined;
    const program = this.#programs.get(running ? 'test logits' : 'logits', count, () =>
      logitsProgram(this.network, count, running),
    );
    const uploaded = this.#uploadImages(images, count);
    try {
      const inputs = {
        [inputNames.images]: uploaded,
        ...named(inputNames.parameter, parameters),
        ...named(inputNames.statistic, statistics ?? []),
      };
      return this.#take(this.device.run(program, inputs)[0]);
    } finally {
      this.device.release(uploaded);
    }
  }

  gradients(
    parameters: ParameterSet,
    batch: Batch,
  ): { loss: number; logits: Float32Array; images: Float32Array; parameters: Float32Array[] } {
    const { count } = batch;
    const program = this.#programs.get('gradients', count, () => gradientsProgram(this.network, count));
    const scope = this.#uploads(batch, {});
    try {
      const inputs = { ...scope, ...named(inputNames.parameter, parameters) };
      const [loss, logits, images, ...slopes] = this.device.run(program, inputs);
      return {
        loss: this.#take(loss)[0] ?? NaN,
        logits: this.#take(logits),
        images: this.#take(images),
        parameters: slopes.map((slope) => this.#take(slope)),
      };
    } finally {
      this.device.release(...Object.values(scope));
    }
  }

  secondOrderStep(
    parameters: ParameterSet,
    batch: Batch,
    v: ParameterSet,
    alpha: number,
    toTargets = false,
  ): SecondOrderStep {
    const { count } = batch;
    const program = this.#programs.get(toTargets ? 'second-order to targets' : 'second-order', count, () =>
      secondOrderProgram(this.network, count, toTargets),
    );
    const scope = this.#uploads(batch, { alpha });
    try {
      const inputs = {
        ...scope,
        ...named(inputNames.parameter, parameters),
        ...named(inputNames.direction, v),
      };
      const [slope, images, ...next] = this.device.run(program, inputs);
      const [targets] = next.splice(v.length);
      return {
        slope: this.#take(slope)[0] ?? NaN,
        images: this.#take(images),
        v: next,
        ...(targets && { targets: this.#take(targets) }),
      };
    } finally {
      this.device.release(...Object.values(scope));
    }
  }

  #uploadImages(images: Float32Array, count: number): DeviceTensor {
    const { channels, height, width } = this.network.input;
    this.#expect('images', images.length, count * channels * height * width);
    return this.device.upload(images, [count, channels, height, width]);
  }

  /** A batch and scalars by the names of the program's inputs; the caller releases them. */
  #uploads(batch: Batch, scalars: Readonly<Record<string, number>>): Inputs {
    const { classes } = this.network;
    this.#expect('targets', batch.targets.length, batch.count * classes);
    const inputs: Inputs = { [inputNames.images]: this.#uploadImages(batch.images, batch.count) };
    inputs[inputNames.targets] = this.device.upload(batch.targets, [batch.count, classes]);
    for (const [name, value] of Object.entries(scalars)) {
      inputs[name] = this.device.upload(Float32Array.of(value), []);
    }
    return inputs;
  }

  /** A velocity of zero, released with the rest of `scope`. */
  #zeros(scope: Inputs): ParameterSet {
    const zeros = this.upload(new Float32Array(this.network.parameterCount));
    Object.assign(scope, named(inputNames.velocity, zeros));
    return zeros;
  }

  /** Downloads and releases. */
  #take(tensor: DeviceTensor | undefined): Float32Array {
    if (tensor === undefined) throw new Error('the program has fewer outputs than expected');
    const data = this.device.download(tensor);
    this.device.release(tensor);
    return data;
  }

  #expect(what: string, actual: number, expected: number): void {
    if (actual === expected) return;
    throw new DistilleryError(
      'InvalidDefinition',
      `${what}: ${actual} values given, but ${this.network.spec.architecture} takes ${expected}`,
    );
  }
}

function named(name: (index: number) => string, tensors: ParameterSet): Inputs {
  return Object.fromEntries(tensors.map((tensor, index) => [name(index), tensor]));
}

/** The compiled steps of `network` on `device`. Nothing is compiled until it is first used. */
export function createNetworkPrograms(network: Network, device: Device): NetworkPrograms {
  return new CompiledPrograms(network, device);
}
