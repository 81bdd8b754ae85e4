/**
 * @file The self-test of the engine: its expected numbers in float64, and that it notices wrong ones.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneHot } from '../../distillation/batches.js';
import { field, goldenParameters } from '../../distillation/golden/field.js';
import { projection, selfTest, selfTestCase, selfTestExpected } from '../../distillation/self-test.js';
import { buildNetwork } from '../../networks/registry.js';
import type { Device } from '../../tensor/device.js';
import { gradients } from '../../tensor/differentiate.js';
import { GraphBuilder } from '../../tensor/graph.js';
import { sizeOf } from '../../tensor/shape.js';
import { testDevice } from '../support/device.js';
import { interpret } from '../support/interpreter.js';

test('its expected numbers are those of the definition in float64', () => {
  const { spec, input, classes, batch, alpha } = selfTestCase;
  const network = buildNetwork(spec, input, classes);
  const g = new GraphBuilder();
  const images = g.input('images', [batch, 3, 12, 12]);
  const parameters = network.parameters.map(({ name, shape }) => g.input(name, shape));
  const targets = g.input('targets', [batch, classes]);
  const logits = network.forward(g, images, parameters);
  const loss = g.scale(g.dot(targets, g.logSoftmax(logits)), -1 / batch);
  const [toImages, ...slopes] = gradients(g, loss, [images, ...parameters]);
  const v = parameters.map((p, index) => g.input(`v${index}`, p.shape));
  const slope = slopes.map((s, index) => g.dot(s, v[index]!)).reduce((sum, part) => g.add(sum, part));
  const seconds = gradients(g, slope, [images, ...parameters]);
  const values: Record<string, Float64Array> = {
    images: Float64Array.from(Float32Array.from(field(batch * 3 * 144, 9, -1, 1))),
    targets: Float64Array.from(
      oneHot(
        Array.from({ length: batch }, (_, i) => i % classes),
        classes,
      ),
    ),
  };
  const flat = goldenParameters(network.parameters);
  const direction = Float32Array.from(field(flat.length, 11, -1, 1));
  let offset = 0;
  network.parameters.forEach(({ name, shape }, index) => {
    const end = offset + sizeOf(shape);
    values[name] = Float64Array.from(flat.subarray(offset, end));
    values[`v${index}`] = Float64Array.from(direction.subarray(offset, end));
    offset = end;
  });
  const results = interpret([loss, toImages!, slope, ...slopes, ...seconds], values);
  const [lossValue, dImages, slopeValue] = results;
  const first = results.slice(3, 3 + slopes.length).flatMap((part) => [...part]);
  const [dSlope, ...dTheta] = results.slice(3 + slopes.length);
  const next = dTheta.flatMap((part) => [...part]).map((value, k) => direction[k]! - alpha * value);
  const found = {
    loss: lossValue![0]!,
    gradient: projection(first),
    images: projection(dImages!),
    slope: slopeValue![0]!,
    'second order to images': projection(dSlope!),
    'second order to parameters': projection(next),
  };
  for (const [what, value] of Object.entries(found)) {
    const expected = selfTestExpected[what as keyof typeof selfTestExpected];
    assert.ok(Math.abs(value / expected - 1) < 1e-9, `${what}: ${value}`);
  }
});

test('the engine passes, and one that computes something else does not', async () => {
  const device = await testDevice();
  const before = device.liveTensors;
  const rows = selfTest(device);
  assert.deepEqual(
    rows.filter(({ passed }) => !passed),
    [],
  );
  assert.equal(device.liveTensors, before);
  const wrong: Device = Object.assign(Object.create(device) as Device, {
    info: device.info,
    upload: device.upload.bind(device),
    release: device.release.bind(device),
    run: device.run.bind(device),
    download: (tensor: Parameters<Device['download']>[0]) => device.download(tensor).map((x) => x * 1.01),
  });
  assert.ok(selfTest(wrong).every(({ passed }) => !passed));
});
