/**
 * @file Network programs: the second-order step against float64, ownership of tensors, repeatability, and what
 * the programs leave out.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNetworkPrograms } from '../../distillation/compile-programs.js';
import { relativeError } from '../../distillation/golden/comparison.js';
import { field, goldenParameters } from '../../distillation/golden/field.js';
import type { Batch } from '../../distillation/network-programs.js';
import { gradientsProgram, plainSgdProgram, secondOrderProgram } from '../../distillation/step-graphs.js';
import { buildNetwork } from '../../networks/registry.js';
import type { ConvNetSpec } from '../../networks/spec.js';
import { gradients } from '../../tensor/differentiate.js';
import { GraphBuilder } from '../../tensor/graph.js';
import { sizeOf } from '../../tensor/shape.js';
import { testDevice } from '../support/device.js';
import { interpret } from '../support/interpreter.js';

const device = await testDevice();
const spec: ConvNetSpec = {
  architecture: 'ConvNet',
  depth: 2,
  width: 4,
  norm: 'instance',
  pool: 'avg',
  act: 'relu',
};
const input = { channels: 1, height: 8, width: 8 };
const classes = 3;
const network = buildNetwork(spec, input, classes);

function batchOf(count: number): Batch {
  const targets = new Float32Array(count * classes);
  for (let row = 0; row < count; row++) targets[row * classes + (row % classes)] = 1;
  return { images: Float32Array.from(field(count * 64, 9, -1, 1)), count, targets };
}

const settings = { lr: 0.1, momentum: 0, weightDecay: 0 };

test('the second-order step is the gradient of v . grad, for every kind of option', () => {
  const variants: ConvNetSpec[] = [
    spec,
    { ...spec, norm: 'batch', pool: 'max', act: 'leakyrelu' },
    { ...spec, norm: 'layer', act: 'sigmoid' },
    { ...spec, norm: 'group', pool: 'none' },
    { ...spec, norm: 'none', pool: 'max' },
  ];
  for (const variant of variants) {
    const net = buildNetwork(variant, input, classes);
    const programs = createNetworkPrograms(net, device);
    const batch = batchOf(4);
    const flat = goldenParameters(net.parameters);
    const direction = Float32Array.from(field(flat.length, 11, -1, 1));
    const alpha = 0.5;
    const sets = [programs.upload(flat), programs.upload(direction)] as const;
    const ours = programs.secondOrderStep(sets[0], batch, sets[1], alpha);
    const next = programs.download(ours.v);
    programs.release(...sets, ours.v);

    // The definition, without the transposition that the program uses.
    const g = new GraphBuilder();
    const images = g.input('images', [4, 1, 8, 8]);
    const parameters = net.parameters.map(({ name, shape }) => g.input(name, shape));
    const logits = net.forward(g, images, parameters);
    const loss = g.scale(g.dot(g.input('targets', [4, classes]), g.logSoftmax(logits)), -1 / 4);
    const slopes = gradients(g, loss, parameters);
    const v = parameters.map((p, index) => g.input(`v${index}`, p.shape));
    const products = slopes.map((slope, index) => g.dot(slope, v[index]!));
    const slope = products.reduce((sum, part) => g.add(sum, part));
    const seconds = gradients(g, slope, [images, ...parameters]);
    const values: Record<string, Float64Array> = {
      images: Float64Array.from(batch.images),
      targets: Float64Array.from(batch.targets),
    };
    let offset = 0;
    net.parameters.forEach(({ name, shape }, index) => {
      const end = offset + sizeOf(shape);
      values[name] = Float64Array.from(flat.subarray(offset, end));
      values[`v${index}`] = Float64Array.from(direction.subarray(offset, end));
      offset = end;
    });
    const [s, dx, ...dTheta] = interpret([slope, ...seconds], values);
    const flatSeconds = dTheta.flatMap((part) => [...part]);
    const expected = flatSeconds.map((value, k) => direction[k]! - alpha * value);
    const label = JSON.stringify(variant);
    assert.ok(relativeError([ours.slope], s!) < 1e-5, `${label}: slope`);
    assert.ok(relativeError(ours.images, dx!) < 1e-5, `${label}: images`);
    assert.ok(relativeError(next, expected) < 1e-6, `${label}: v`);
  }
});

test('twenty steps of every kind leave no tensor behind', () => {
  const programs = createNetworkPrograms(network, device);
  const batch = batchOf(5);
  const zeros = new Float32Array(network.parameterCount);
  const before = device.liveTensors;
  let parameters = programs.upload(goldenParameters(network.parameters));
  let velocity = programs.upload(zeros);
  for (let step = 0; step < 20; step++) {
    const plain = programs.sgdStep(parameters, undefined, batch, settings);
    programs.release(parameters);
    const decayed = programs.sgdStep(plain.parameters, undefined, batch, { ...settings, weightDecay: 0.01 });
    assert.equal(decayed.velocity, undefined);
    programs.release(plain.parameters);
    const heavy = programs.sgdStep(decayed.parameters, velocity, batch, { ...settings, momentum: 0.9 });
    programs.release(decayed.parameters, velocity);
    parameters = heavy.parameters;
    velocity = heavy.velocity!;
    programs.logits(parameters, batch.images, batch.count);
    programs.gradients(parameters, batch);
    programs.release(programs.secondOrderStep(parameters, batch, velocity, 0.1).v);
  }
  programs.release(parameters, velocity);
  assert.equal(device.liveTensors, before);
});

test('the same steps give the same bytes', () => {
  const run = (): Float32Array[] => {
    const programs = createNetworkPrograms(network, device);
    const batch = batchOf(16);
    let parameters = programs.upload(goldenParameters(network.parameters));
    for (let step = 0; step < 5; step++) {
      const next = programs.sgdStep(parameters, undefined, batch, settings);
      programs.release(parameters);
      parameters = next.parameters;
    }
    const v = programs.upload(Float32Array.from(field(network.parameterCount, 3, -1, 1)));
    const second = programs.secondOrderStep(parameters, batch, v, 0.1);
    const results = [
      programs.download(parameters),
      second.images,
      programs.download(second.v),
      Float32Array.of(second.slope),
    ];
    programs.release(parameters, v, second.v);
    return results;
  };
  assert.deepEqual(run(), run());
});

test('weight decay without a velocity is that of the definition', () => {
  const programs = createNetworkPrograms(network, device);
  const flat = goldenParameters(network.parameters);
  const parameters = programs.upload(flat);
  const [plain, decayed] = [0, 0.5].map((weightDecay) => {
    const next = programs.sgdStep(parameters, undefined, batchOf(4), { ...settings, weightDecay });
    const result = programs.download(next.parameters);
    programs.release(next.parameters);
    return result;
  });
  programs.release(parameters);
  const expected = plain!.map((value, k) => value - 0.1 * 0.5 * flat[k]!);
  assert.ok(relativeError(decayed!, expected) < 1e-6);
});

test('an SGD step computes no gradient to the images, and no program computes one it was not asked for', () => {
  const count = (program: { steps: readonly { node: { operation: { kind: string } } }[] }, kind: string) =>
    program.steps.filter((step) => step.node.operation.kind === kind).length;
  const { depth } = spec;
  const sgd = plainSgdProgram(network, 8);
  assert.equal(count(sgd, 'conv2d'), depth);
  assert.equal(count(sgd, 'conv2dInputGrad'), depth - 1);
  assert.equal(count(sgd, 'conv2dFilterGrad'), depth);
  assert.equal(count(gradientsProgram(network, 8), 'conv2dInputGrad'), depth);
  const secondOrder = secondOrderProgram(network, 8);
  assert.ok(!secondOrder.inputs.some(({ name }) => name === 'unit'));
  // 8 per layer, less the tangent of the images and what its transposition would cost.
  const convolutions = ['conv2d', 'conv2dInputGrad', 'conv2dFilterGrad'];
  const total = convolutions.reduce((sum, kind) => sum + count(secondOrder, kind), 0);
  assert.ok(total <= 8 * depth - 3, `${total} convolutions`);
});

test('what does not fit the network is refused', () => {
  const programs = createNetworkPrograms(network, device);
  const before = device.liveTensors;
  const refused = (act: () => unknown, message: RegExp): void => {
    assert.throws(act, { code: 'InvalidDefinition', message });
  };
  refused(() => programs.upload(new Float32Array(3)), /parameters: 3 values/);
  const parameters = programs.upload(goldenParameters(network.parameters));
  const batch = batchOf(2);
  refused(
    () => programs.sgdStep(parameters, undefined, batch, { ...settings, momentum: 0.9 }),
    /momentum 0.9/,
  );
  refused(() => programs.logits(parameters, batch.images, 3), /images: 128 values given, .* takes 192/);
  refused(
    () => programs.gradients(parameters, { ...batch, targets: new Float32Array(1) }),
    /targets: 1 values/,
  );
  programs.release(parameters);
  assert.equal(device.liveTensors, before);
});
