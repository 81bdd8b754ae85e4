/**
 * @file The networks beside ConvNet: the images they take, parameters by formula and as built, and steps of
 * first and second order on the device.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageSizeProblem } from '../../definition/image-sizes.js';
import { parameterCount } from '../../definition/parameter-count.js';
import { createNetworkPrograms } from '../../distillation/compile-programs.js';
import { field } from '../../distillation/golden/field.js';
import { initialiseParameters } from '../../networks/initialise.js';
import { buildNetwork } from '../../networks/registry.js';
import type { ImageShape, NetworkSpec } from '../../networks/spec.js';
import { Stream } from '../../random/stream.js';
import { sizeOf } from '../../tensor/shape.js';
import { testDevice } from '../support/device.js';

const device = await testDevice();
const classes = 10;
const square = (channels: number, side: number): ImageShape => ({ channels, height: side, width: side });

const specs: readonly NetworkSpec[] = [
  { architecture: 'ConvNet', depth: 3, width: 16, norm: 'batch', pool: 'max', act: 'relu' },
  { architecture: 'MLP' },
  { architecture: 'LeNet' },
  { architecture: 'AlexNet' },
  ...(['instance', 'batch'] as const).flatMap((norm): NetworkSpec[] => [
    { architecture: 'VGG11', norm },
    { architecture: 'ResNet18', norm },
    { architecture: 'ResNet18_AP', norm },
  ]),
];

function nameOf(spec: NetworkSpec): string {
  return 'norm' in spec ? `${spec.architecture} with ${spec.norm} norm` : spec.architecture;
}

for (const spec of specs) {
  test(`${nameOf(spec)} takes 28, 32, 64 and 128 pixels, grey and colour`, () => {
    for (const side of [28, 32, 64, 128]) {
      for (const channels of [1, 3]) {
        const image = square(channels, side);
        // Too small for five poolings, and so in the published code.
        if (spec.architecture === 'VGG11' && side === 28 && channels === 3) continue;
        assert.equal(imageSizeProblem(spec, image), undefined);
        const { parameterCount: built } = buildNetwork(spec, image, classes);
        assert.equal(parameterCount(spec, image, classes), built, JSON.stringify(image));
      }
    }
  });

  test(`${nameOf(spec)} names the smallest images it takes, and takes those`, () => {
    for (const channels of [1, 3]) {
      const sides = Array.from({ length: 40 }, (_, index) => index + 1);
      const smallest = sides.find((side) => imageSizeProblem(spec, square(channels, side)) === undefined);
      assert.ok(smallest !== undefined);
      const image = { channels, height: smallest, width: smallest + 3 };
      assert.equal(buildNetwork(spec, image, classes).parameterCount, parameterCount(spec, image, classes));
      if (smallest === 1) continue;
      const smaller = { ...image, height: smallest - 1 };
      assert.equal(parameterCount(spec, smaller, classes), undefined);
      const remedy =
        spec.architecture === 'ConvNet' ? /depth of at most 2/ : new RegExp(`at least ${smallest} x`);
      assert.match(imageSizeProblem(spec, smaller)!, remedy);
    }
  });
}

test('images that a network cannot take do not build', () => {
  const build = (spec: NetworkSpec, image: ImageShape) => () => buildNetwork(spec, image, classes);
  const refusal = { code: 'InvalidDefinition' };
  assert.throws(build({ architecture: 'VGG11', norm: 'batch' }, square(3, 31)), refusal);
  assert.throws(build({ architecture: 'AlexNet' }, square(3, 7)), refusal);
  assert.throws(build({ architecture: 'LeNet' }, square(1, 11)), refusal);
});

for (const spec of specs) {
  test(`${nameOf(spec)} trains and is differentiated twice at 32 pixels`, () => {
    const network = buildNetwork(spec, square(3, 32), classes);
    const programs = createNetworkPrograms(network, device);
    const before = device.liveTensors;
    const flat = initialiseParameters(network, (index) => new Stream(1, 'network-init', 0, index));
    const count = 2;
    const targets = new Float32Array(count * classes);
    for (let row = 0; row < count; row++) targets[row * classes + row] = 1;
    const images = Float32Array.from(field(count * 3 * 32 * 32, 5, -1.5, 1.5));
    const batch = { images, count, targets };
    let parameters = programs.upload(flat);
    const losses: number[] = [];
    for (let step = 0; step < 3; step++) {
      const next = programs.sgdStep(parameters, undefined, batch, {
        lr: 0.0001,
        momentum: 0,
        weightDecay: 0,
      });
      programs.release(parameters);
      parameters = next.parameters;
      losses.push(next.loss);
    }
    assert.ok(losses.at(-1)! < losses[0]!, losses.join());

    // The slope along v is that of the loss itself.
    const v = programs.upload(Float32Array.from(field(flat.length, 6, -1, 1)));
    const second = programs.secondOrderStep(parameters, batch, v, 0.1);
    const { parameters: slopes } = programs.gradients(parameters, batch);
    const direction = field(flat.length, 6, -1, 1);
    let offset = 0;
    let slope = 0;
    for (const part of slopes) {
      part.forEach((value, k) => (slope += value * direction[offset + k]!));
      offset += part.length;
    }
    const size = Math.sqrt(slopes.reduce((sum, part) => part.reduce((s, x) => s + x * x, sum), 0));
    assert.ok(Math.abs(second.slope - slope) < 1e-3 * size, `${second.slope} and ${slope}`);
    assert.equal(second.images.length, sizeOf([count, 3, 32, 32]));
    assert.ok(second.images.some((value) => value !== 0));
    assert.ok(programs.download(second.v).every(Number.isFinite));
    programs.release(parameters, v, second.v);
    assert.equal(device.liveTensors, before);
  });
}
