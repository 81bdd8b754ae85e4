/**
 * @file Fused programs: what their regions compute against the interpreter, at sizes that fit no vector and no
 * block, to the second order.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { relativeError } from '../../distillation/golden/comparison.js';
import { normalise } from '../../networks/normalise.js';
import { fuse } from '../../tensor/fusion/fuse.js';
import type { GraphBuilder, Node } from '../../tensor/graph.js';
import { compile } from '../../tensor/program.js';
import { openTensorflowDevice } from '../../tensor/tensorflow-device.js';
import { testDevice } from '../support/device.js';
import { blockValues, buildBlockGraph, runBlock } from '../support/fused-block.js';
import type { Block } from '../support/fused-block.js';
import { interpret } from '../support/interpreter.js';
import type { Values } from '../support/interpreter.js';

const device = await testDevice();
const unfusedDevice = await openTensorflowDevice({ fused: false });

const pooling = { size: 2, stride: 2 };
const affine =
  (activation: (g: GraphBuilder, x: Node) => Node, axes = [1, 2]): Block =>
  (g, x, weight, bias) =>
    activation(g, normalise(g, x, axes, weight, bias));

const blocks: Readonly<Record<string, Block>> = {
  'instance norm, ReLU, average pool': affine((g, x) => g.avgPool(g.relu(x), pooling)),
  'instance norm, leaky ReLU, pool of 3': affine((g, x) =>
    g.avgPool(g.leakyRelu(x, 0.1), { size: 3, stride: 3 }),
  ),
  'instance norm, sigmoid, max pool': affine((g, x) => g.maxPool(g.sigmoid(x), pooling)),
  'batch norm, ReLU, overlapping pool': affine(
    (g, x) => g.avgPool(g.relu(x), { size: 3, stride: 2 }),
    [0, 1, 2],
  ),
  'layer norm, ReLU': affine((g, x) => g.relu(x), [1, 2, 3]),
  'no norm, two poolings one after the other': (g, x, weight, bias) =>
    g.avgPool(g.relu(g.avgPool(g.relu(g.add(g.mul(x, weight), bias)), pooling)), pooling),
  'a residual': (g, x, weight, bias) => g.relu(g.add(normalise(g, g.relu(x), [1, 2], weight, bias), x)),
};

test('the kernels are at hand', () => {
  assert.match(device.info.kernels ?? 'none', /^[0-9a-f]{12}, (gcc|clang) \d+/);
  assert.equal(unfusedDevice.info.kernels, undefined);
});

for (const [name, block] of Object.entries(blocks)) {
  for (const shape of [
    [1, 7, 7, 5],
    [3, 6, 9, 17],
    [2, 8, 8, 32],
  ]) {
    test(`${name}, ${shape.join('x')}: fused, unfused and interpreted agree to the second order`, () => {
      const graph = buildBlockGraph(block, shape);
      const before = device.liveTensors;
      const fused = runBlock(device, graph);
      assert.equal(device.liveTensors, before);
      const plain = runBlock(unfusedDevice, graph);
      const values = Object.entries(blockValues(graph)).map(([key, data]) => [key, Float64Array.from(data)]);
      const exact = interpret(graph.outputs, Object.fromEntries(values) as Values);
      graph.outputs.forEach((_, index) => {
        const ours = relativeError(fused[index]!, exact[index]!);
        const theirs = relativeError(plain[index]!, exact[index]!);
        assert.ok(ours < Math.max(1e-6, 3 * theirs), `output ${index}: ${ours}, unfused ${theirs}`);
      });
    });
  }
}

test('a block and its derivatives are few steps, and none of them makes an image only to be read once', () => {
  const { outputs } = buildBlockGraph(blocks['instance norm, ReLU, average pool']!, [2, 8, 8, 16]);
  const steps = fuse(compile(outputs));
  const elementwise = ['add', 'sub', 'mul', 'relu', 'reluGrad', 'avgPool', 'avgPoolGrad'];
  const left = steps.filter(
    ({ region, nodes }) =>
      region === undefined &&
      nodes.some(({ operation, shape }) => elementwise.includes(operation.kind) && (shape[1] ?? 1) > 3),
  );
  assert.deepEqual(left, []);
  assert.ok(steps.length < compile(outputs).steps.length / 2);
});

test('a fused step frees every value after its last use, and nothing twice', () => {
  const { outputs } = buildBlockGraph(blocks['a residual']!, [2, 8, 8, 16]);
  const program = compile(outputs);
  const kept = new Set([...program.inputs, ...program.outputs].map(({ slot }) => slot));
  const held = new Set(program.inputs.map(({ slot }) => slot));
  for (const { inputs, results, releases } of fuse(program)) {
    for (const slot of inputs) assert.ok(held.has(slot), `slot ${slot} is read before it is made`);
    for (const slot of results) held.add(slot);
    for (const slot of releases) assert.ok(!kept.has(slot) && held.delete(slot), `slot ${slot} is freed`);
  }
  assert.deepEqual([...held].sort(), [...kept].sort());
});
