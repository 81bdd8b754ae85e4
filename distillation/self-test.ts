/**
 * @file A few seconds' test that an engine computes the right numbers: a small network with every kind of step,
 * against numbers computed in float64.
 */
import { buildNetwork } from '../networks/registry.js';
import type { ConvNetSpec } from '../networks/spec.js';
import type { Device } from '../tensor/device.js';
import { oneHot } from './batches.js';
import { createNetworkPrograms } from './compile-programs.js';
import { field, goldenParameters } from './golden/field.js';

/** The network and images of the test. */
export const selfTestCase = {
  spec: {
    architecture: 'ConvNet',
    depth: 2,
    width: 8,
    norm: 'instance',
    pool: 'avg',
    act: 'relu',
  } satisfies ConvNetSpec,
  input: { channels: 3, height: 12, width: 12 },
  classes: 5,
  batch: 6,
  alpha: 0.5,
} as const;

/** Projections of the results on a fixed direction, in float64. */
export const selfTestExpected = {
  loss: 1.699341297786056,
  gradient: 0.3473957899262655,
  images: -0.06137934475040164,
  slope: 0.1584971996922553,
  'second order to images': 1.4878920496137107,
  'second order to parameters': 4.551000414617603,
} as const;

export interface SelfTestRow {
  readonly what: string;
  readonly value: number;
  readonly expected: number;
  /** `|value - expected| / |expected|`. */
  readonly error: number;
  readonly passed: boolean;
}

/** On a GPU, convolutions may round their inputs to fewer digits. */
const tolerance = { cpu: 1e-3, gpu: 2e-2 } as const;

/** The inner product with a direction that is the same everywhere; a value out of place changes it. */
export function projection(values: ArrayLike<number>): number {
  const direction = field(values.length, 77, -1, 1);
  return direction.reduce((sum, weight, i) => sum + weight * (values[i] ?? NaN), 0);
}

/** Runs every kind of step once. */
export function selfTest(device: Device): SelfTestRow[] {
  const { spec, input, classes, batch: count, alpha } = selfTestCase;
  const network = buildNetwork(spec, input, classes);
  const programs = createNetworkPrograms(network, device);
  const images = Float32Array.from(field(count * 3 * 12 * 12, 9, -1, 1));
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classes);
  const batch = { images, count, targets: oneHot(labels, classes) };
  const parameters = programs.upload(goldenParameters(network.parameters));
  const v = programs.upload(Float32Array.from(field(network.parameterCount, 11, -1, 1)));
  const first = programs.gradients(parameters, batch);
  const second = programs.secondOrderStep(parameters, batch, v, alpha);
  const values = {
    loss: first.loss,
    gradient: projection(first.parameters.flatMap((slope) => [...slope])),
    images: projection(first.images),
    slope: second.slope,
    'second order to images': projection(second.images),
    'second order to parameters': projection(programs.download(second.v)),
  };
  programs.release(parameters, v, second.v);
  const allowed = device.info.device === 'cpu' ? tolerance.cpu : tolerance.gpu;
  return Object.entries(values).map(([what, value]) => {
    const expected = selfTestExpected[what as keyof typeof selfTestExpected];
    const error = Math.abs(value - expected) / Math.abs(expected);
    return { what, value, expected, error, passed: error <= allowed };
  });
}
