/**
 * @file ConvNet's loss and gradients, and SGD, against the reference in float64.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createNetworkPrograms } from '../../distillation/compile-programs.js';
import { compare } from '../../distillation/golden/comparison.js';
import type { Comparison } from '../../distillation/golden/comparison.js';
import { field, goldenParameters } from '../../distillation/golden/field.js';
import { readCases, readExpected } from '../../distillation/golden/folder.js';
import type { Expected, NetworkCase, SgdCase } from '../../distillation/golden/folder.js';
import type { NetworkPrograms } from '../../distillation/network-programs.js';
import { buildNetwork } from '../../networks/registry.js';
import type { NetworkSpec } from '../../networks/spec.js';
import { testDevice } from '../support/device.js';
import { packageRoot } from '../../setup/package-root.js';

const folder = join(packageRoot(), 'test', 'golden');
const device = await testDevice();

function oneHot(labels: readonly number[], classes: number): Float32Array {
  const targets = new Float32Array(labels.length * classes);
  labels.forEach((label, row) => (targets[row * classes + label] = 1));
  return targets;
}

function programsOf(
  golden: NetworkCase | SgdCase,
  shape: readonly [number, number, number, number],
  classes: number,
): NetworkPrograms {
  const [, channels, height, width] = shape;
  const spec = golden.spec as unknown as NetworkSpec;
  return createNetworkPrograms(buildNetwork(spec, { channels, height, width }, classes), device);
}

function runNetwork(golden: NetworkCase, expected: Expected): Comparison[] {
  const { shape, stream, lo, hi } = golden.input;
  const programs = programsOf(golden, shape, golden.classes);
  assert.deepEqual(programs.network.parameters, golden.parameters);
  const parameters = programs.upload(goldenParameters(golden.parameters));
  const [count, channels, height, width] = shape;
  const images = Float32Array.from(field(count * channels * height * width, stream, lo, hi));
  const batch = { images, count, targets: oneHot(golden.labels, golden.classes) };
  const result = programs.gradients(parameters, batch);
  assert.deepEqual(programs.logits(parameters, images, count), result.logits);
  programs.release(parameters);
  const slopes = [result.images, ...result.parameters].map((slope) => Float64Array.from(slope));
  const norms = slopes.map((slope) => Math.sqrt(slope.reduce((sum, value) => sum + value * value, 0)));
  const dots = slopes.map((slope, index) => {
    const direction = field(slope.length, 5000 + index, -1, 1);
    return slope.reduce((sum, value, k) => sum + value * direction[k]!, 0);
  });
  const { tolerance } = golden;
  return [
    compare('logits', result.logits, expected.values('logits'), tolerance),
    compare('loss', [result.loss], expected.values('loss'), tolerance),
    compare('grad_norm', norms, expected.values('grad_norm'), tolerance),
    compare('grad_dot', dots, expected.values('grad_dot'), tolerance),
  ];
}

function runSgd(golden: SgdCase, expected: Expected): Comparison[] {
  const programs = programsOf(golden, [16, 1, 28, 28], 10);
  const { network } = programs;
  let parameters = programs.upload(goldenParameters(network.parameters));
  let velocity = golden.momentum > 0 ? programs.upload(new Float32Array(network.parameterCount)) : undefined;
  const losses: number[] = [];
  for (let s = 0; s < golden.steps; s++) {
    const labels = Array.from({ length: 16 }, (_, i) => (i * (s + 3)) % 10);
    const images = Float32Array.from(field(16 * 28 * 28, 600 + s, -1, 1));
    const batch = { images, count: 16, targets: oneHot(labels, 10) };
    const next = programs.sgdStep(parameters, velocity, batch, golden);
    programs.release(parameters, ...(velocity === undefined ? [] : [velocity]));
    ({ parameters, velocity } = next);
    losses.push(next.loss);
  }
  const final = programs.download(parameters);
  programs.release(parameters, ...(velocity === undefined ? [] : [velocity]));
  return [
    compare('final', final, expected.values('final'), golden.tolerance),
    { ...compare('losses', losses, golden.losses, {}), tolerance: 1e-6 },
  ];
}

for (const [name, golden] of await readCases(folder)) {
  if (golden.kind !== 'network' && golden.kind !== 'sgd') continue;
  if (golden.spec.architecture !== 'ConvNet') continue;
  test(`${name} is within its tolerances`, async () => {
    const before = device.liveTensors;
    const expected = await readExpected(folder, name);
    const comparisons = golden.kind === 'sgd' ? runSgd(golden, expected) : runNetwork(golden, expected);
    for (const { tensor, relativeError, tolerance } of comparisons) {
      assert.ok(relativeError < tolerance, `${tensor}: ${relativeError}, tolerance ${tolerance}`);
    }
    assert.equal(device.liveTensors, before);
  });
}
