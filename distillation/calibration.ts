/**
 * @file A short measurement of this machine: the time of steps of several kinds and sizes on the device, and of
 * what the host does for them, put into a handful of numbers that predict other sizes.
 */
import type { Calibration } from '../definition/calibration.js';
import { stepSeconds } from '../definition/calibration.js';
import type { StepCost, StepKind } from '../definition/step-cost.js';
import { buildNetwork } from '../networks/registry.js';
import type { ConvNetSpec, ImageShape } from '../networks/spec.js';
import { Stream } from '../random/stream.js';
import type { Device } from '../tensor/device.js';
import { augment, augmenterOf, resolveAugmentation } from './augmentation/strategy.js';
import { NormalisedImages, oneHot, pixelsOf } from './batches.js';
import { createNetworkPrograms } from './compile-programs.js';
import { initialExpert } from './expert.js';
import { atOnce } from './interruptible.js';
import { rowProducts, rowsOf } from './kernel-regression/rows.js';
import { fitRelative } from './least-squares.js';
import type { Batch, NetworkPrograms } from './network-programs.js';
import { costOfStep } from './step-costs.js';

/** One kind and size of step to measure. */
export interface CalibrationPoint {
  readonly width: number;
  readonly kind: StepKind;
  readonly batch: number;
}

const classes = 10;
const image: ImageShape = { channels: 1, height: 28, width: 28 };

/** Small and large batches, narrow and wide networks, every kind of step. */
export const calibrationPoints: readonly CalibrationPoint[] = [
  { width: 32, kind: 'plain-sgd', batch: 256 },
  { width: 32, kind: 'plain-sgd', batch: 10 },
  { width: 32, kind: 'momentum-sgd', batch: 10 },
  { width: 32, kind: 'momentum-sgd', batch: 100 },
  { width: 32, kind: 'second-order', batch: 10 },
  { width: 32, kind: 'second-order', batch: 100 },
  { width: 32, kind: 'logits', batch: 256 },
  { width: 64, kind: 'plain-sgd', batch: 128 },
  { width: 64, kind: 'second-order', batch: 50 },
  { width: 128, kind: 'momentum-sgd', batch: 10 },
  { width: 128, kind: 'momentum-sgd', batch: 64 },
  { width: 128, kind: 'second-order', batch: 10 },
  { width: 128, kind: 'logits', batch: 128 },
];

export interface CalibrateOptions {
  readonly points?: readonly CalibrationPoint[];
  /** Each point is measured for about so long, and at least three times. Default 1. */
  readonly secondsPerPoint?: number;
  readonly onPoint?: (point: { readonly step: string; readonly seconds: number }) => void;
  /** Resident memory of this process now, and the most it has been, in bytes; undefined where unknown. */
  readonly memory?: () => { readonly now: number; readonly peak: number } | undefined;
  /** Seconds from the start of this process to its first step. */
  readonly startSeconds: number;
  /** ISO time. */
  readonly measuredAt: string;
}

interface Measured {
  readonly step: string;
  readonly cost: StepCost;
  readonly seconds: number;
}

/** Measures; takes about a second for each point. */
export function calibrate(device: Device, options: CalibrateOptions): Calibration {
  const { points = calibrationPoints, secondsPerPoint = 1, onPoint, memory } = options;
  const before = memory?.();
  const measured = points.map((point): Measured => {
    const { step, cost, run } = preparePoint(point, device);
    const seconds = usualTime(run, secondsPerPoint);
    onPoint?.({ step, seconds });
    return { step, cost, seconds };
  });
  const after = memory?.();
  const [secondsPerFlop = 0, secondsPerByte = 0, secondsPerOperation = 0] = fitRelative(
    measured.map(({ cost: { flops, bytesMoved, operations }, seconds }) => ({
      features: [flops, bytesMoved, operations],
      value: seconds,
    })),
  );
  const rates = { secondsPerFlop, secondsPerByte, secondsPerOperation };
  const largest = Math.max(...measured.map(({ cost }) => cost.peakBytes));
  return {
    engine: device.info,
    measuredAt: options.measuredAt,
    ...rates,
    ...measureHost(secondsPerPoint / 4),
    startSeconds: options.startSeconds,
    baseBytes: before?.now ?? 450e6,
    memoryFactor: before && after ? Math.max(0.3, (after.peak - before.now) / largest) : 1.3,
    points: measured.map(({ step, cost, seconds }) => ({
      step,
      seconds,
      predicted: stepSeconds(rates, cost),
    })),
  };
}

function convNet(width: number): ConvNetSpec {
  return { architecture: 'ConvNet', depth: 3, width, norm: 'instance', pool: 'avg', act: 'relu' };
}

function preparePoint({ width, kind, batch: count }: CalibrationPoint, device: Device) {
  const network = buildNetwork(convNet(width), image, classes);
  const programs = createNetworkPrograms(network, device);
  const stream = new Stream(1, 'report-samples');
  const images = Float32Array.from({ length: count * pixelsOf(image) }, () => 2 * stream.uniform() - 1);
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const batch: Batch = { images, count, targets: oneHot(labels, classes) };
  const start = initialExpert(network, { seed: 1, index: 0 }).parameters;
  return {
    step: `${kind}, W${width}, batch ${count}`,
    cost: costOfStep(network, kind, count),
    run: () => runStep(programs, kind, batch, start),
  };
}

/** One step with nothing left behind. The uploads of the parameters are as small as they are quick. */
function runStep(programs: NetworkPrograms, kind: StepKind, batch: Batch, start: Float32Array): void {
  const parameters = programs.upload(start);
  switch (kind) {
    case 'logits':
      programs.logits(parameters, batch.images, batch.count);
      break;
    case 'plain-sgd':
      programs.release(
        programs.sgdStep(parameters, undefined, batch, { lr: 0.01, momentum: 0, weightDecay: 0 }).parameters,
      );
      break;
    case 'momentum-sgd': {
      const velocity = programs.upload(start);
      const settings = { lr: 0.01, momentum: 0.9, weightDecay: 5e-4 };
      const next = programs.sgdStep(parameters, velocity, batch, settings);
      programs.release(velocity, next.parameters, next.velocity ?? []);
      break;
    }
    case 'second-order': {
      const v = programs.upload(start);
      programs.release(v, programs.secondOrderStep(parameters, batch, v, 0.01).v);
      break;
    }
  }
  programs.release(parameters);
}

/**
 * The lower quartile of repeated runs, after two that compile and warm up: in a second or so, what else happens on
 * the machine can only have made them longer.
 */
function usualTime(run: () => void, seconds: number): number {
  run();
  run();
  const times: number[] = [];
  for (let spent = 0; spent < seconds || times.length < 3;) {
    const start = performance.now();
    run();
    const taken = (performance.now() - start) / 1000;
    times.push(taken);
    spent += taken;
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 4)] ?? 0;
}

type HostTimes = Required<
  Pick<Calibration, 'secondsPerPixel' | 'secondsPerAugmentedPixel' | 'secondsPerHostFlop'>
>;

/** What the host does for each pixel: take it from the data set, augment it; and its matrix products. */
function measureHost(seconds: number): HostTimes {
  const count = 256;
  const pixels = count * pixelsOf(image);
  const bytes = new Uint8Array(pixels).map((_, i) => i % 251);
  const labels = new Int32Array(count);
  const size = pixelsOf(image);
  const taken = (index: number): Uint8Array => bytes.subarray(index * size, (index + 1) * size);
  const source = { shape: image, count, labels, pixels: taken };
  const images = new NormalisedImages(source, classes, { mean: [0.3], std: [0.3] });
  const all = Uint32Array.from({ length: count }, (_, i) => i);
  const { images: floats } = images.batch(all);
  const rows = rowsOf(floats, pixelsOf(image));
  const operations = resolveAugmentation('dsa', true);
  const augmenting = operations.map((operation) => {
    const draws = augmenterOf(operation).draw(new Stream(1, 'report-samples'), count, image);
    return usualTime(() => augment(floats, { operation, draws }, image), seconds / operations.length);
  });
  return {
    secondsPerPixel: usualTime(() => images.batch(all), seconds) / pixels,
    secondsPerAugmentedPixel: augmenting.reduce((sum, time) => sum + time, 0) / operations.length / pixels,
    secondsPerHostFlop: usualTime(() => atOnce(rowProducts(rows, rows)), seconds) / (2 * count * pixels),
  };
}
