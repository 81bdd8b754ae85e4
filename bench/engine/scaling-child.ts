/**
 * @file The measuring process of `--scaling`. Never imported; sends one message for each point.
 */
import { oneHot, FloatImages, pixelsOf } from '../../distillation/batches.js';
import { createNetworkPrograms } from '../../distillation/compile-programs.js';
import { initialExpert } from '../../distillation/expert.js';
import { matchTrajectory } from '../../distillation/matching.js';
import { costOfStep } from '../../distillation/step-costs.js';
import { buildNetwork } from '../../networks/registry.js';
import type { ConvNetSpec, ImageShape } from '../../networks/spec.js';
import { GraphBuilder } from '../../tensor/graph.js';
import { compile } from '../../tensor/program.js';
import { openTensorflowDevice } from '../../tensor/tensorflow-device.js';
import { median } from './statistics.js';
import type { ScalingRow } from './scaling.js';

const repeats = Number(process.argv[2] ?? 3);
const device = await openTensorflowDevice();
const classes = 10;
const square = (channels: number, size: number): ImageShape => ({ channels, height: size, width: size });
const convNet = (width: number, depth = 3): ConvNetSpec => ({
  architecture: 'ConvNet',
  depth,
  width,
  norm: 'instance',
  pool: 'avg',
  act: 'relu',
});

function send(row: ScalingRow): void {
  process.send?.(row);
}

function time(run: () => void): number {
  run();
  const seconds = Array.from({ length: repeats }, () => {
    const start = performance.now();
    run();
    return (performance.now() - start) / 1000;
  });
  return median(seconds);
}

function setOf(image: ImageShape, count: number): FloatImages {
  const images = Float32Array.from({ length: count * pixelsOf(image) }, (_, i) => ((i * 37) % 101) / 50 - 1);
  return new FloatImages(
    image,
    classes,
    images,
    oneHot(
      Uint8Array.from({ length: count }, (_, i) => i % classes),
      classes,
    ),
  );
}

function sgd(axis: string, point: string, spec: ConvNetSpec, image: ImageShape, count: number): void {
  const network = buildNetwork(spec, image, classes);
  const programs = createNetworkPrograms(network, device);
  const batch = setOf(image, count).batch(Uint32Array.from({ length: count }, (_, i) => i));
  const parameters = programs.upload(initialExpert(network, { seed: 1, index: 0 }).parameters);
  const seconds = time(() => {
    const settings = { lr: 0.01, momentum: 0, weightDecay: 0 };
    programs.release(programs.sgdStep(parameters, undefined, batch, settings).parameters);
  });
  programs.release(parameters);
  const { flops, bytesMoved } = costOfStep(network, 'plain-sgd', count);
  send({ axis, point, seconds, gflops: flops / seconds / 1e9, gigabytes: bytesMoved / seconds / 1e9 });
}

function match(steps: number): void {
  const image = square(1, 28);
  const network = buildNetwork(convNet(32), image, classes);
  const programs = createNetworkPrograms(network, device);
  const count = 50;
  const theta0 = initialExpert(network, { seed: 1, index: 0 }).parameters;
  const indices = Uint32Array.from({ length: count }, (_, i) => i);
  const seconds = time(() => {
    matchTrajectory({
      programs,
      theta0,
      target: theta0.map((value) => value + 0.01),
      synthetic: setOf(image, count),
      steps: Array.from({ length: steps }, () => ({ indices, augmentation: undefined })),
      alpha: 0.01,
    });
  });
  const flops =
    steps *
    (costOfStep(network, 'plain-sgd', count).flops + costOfStep(network, 'second-order', count).flops);
  send({ axis: 'N', point: `${steps}, W32, batch ${count}`, seconds, gflops: flops / seconds / 1e9 });
}

/** A convolution alone, as the engine's library does it: what a step could be at best. */
function convolution(width: number, size: number, batch: number): void {
  const g = new GraphBuilder();
  const x = g.input('x', [batch, size, size, width]);
  const program = compile([g.conv2d(x, g.input('w', [3, 3, width, width]), { padding: 1 })]);
  const inputs = {
    x: device.upload(new Float32Array(batch * size * size * width).fill(0.5), [batch, size, size, width]),
    w: device.upload(new Float32Array(9 * width * width).fill(0.1), [3, 3, width, width]),
  };
  const seconds = time(() => device.release(...device.run(program, inputs)));
  device.release(inputs.x, inputs.w);
  send({
    axis: 'limit',
    point: `convolution 3x3, W${width}, ${size}x${size}, batch ${batch}`,
    seconds,
    gflops: program.flops / seconds / 1e9,
  });
}

/** An addition of tensors too large for any cache: the bandwidth of memory. */
function bandwidth(): void {
  const shape = [64, 1024, 1024];
  const g = new GraphBuilder();
  const program = compile([g.add(g.input('a', shape), g.input('b', shape))]);
  const inputs = {
    a: device.upload(new Float32Array(64 * 2 ** 20), shape),
    b: device.upload(new Float32Array(64 * 2 ** 20), shape),
  };
  const seconds = time(() => device.release(...device.run(program, inputs)));
  device.release(inputs.a, inputs.b);
  send({
    axis: 'limit',
    point: 'addition of 2 x 256 MiB',
    seconds,
    gigabytes: program.bytesMoved / seconds / 1e9,
  });
}

for (const width of [32, 64, 128]) convolution(width, 32, 64);
bandwidth();
for (const steps of [5, 10, 20, 40]) match(steps);
for (const batch of [32, 64, 128, 256])
  sgd('batch', `${batch}, W64, 1x28x28`, convNet(64), square(1, 28), batch);
for (const width of [32, 64, 128])
  sgd('width', `W${width}, 1x28x28, batch 128`, convNet(width), square(1, 28), 128);
for (const size of [32, 64])
  sgd('image', `3x${size}x${size}, W64, batch 64`, convNet(64), square(3, size), 64);
process.disconnect();
