/**
 * @file Building graphs: shapes, sharing, simplification; and what a program keeps of them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { relativeError } from '../../distillation/golden/comparison.js';
import { field } from '../../distillation/golden/field.js';
import { GraphBuilder } from '../../tensor/graph.js';
import type { Node } from '../../tensor/graph.js';
import { compile } from '../../tensor/program.js';
import { sizeOf } from '../../tensor/shape.js';
import { interpret } from '../support/interpreter.js';

const kinds = (nodes: readonly Node[]): string[] =>
  compile(nodes).steps.map((step) => step.node.operation.kind);

test('shapes that do not fit are refused with the operation, the shapes and the reason', () => {
  const g = new GraphBuilder();
  const [a, b] = [g.input('a', [2, 3]), g.input('b', [2, 4])];
  const image = g.input('image', [1, 4, 4, 2]);
  const refused = (build: () => Node, message: RegExp): void => {
    assert.throws(build, { code: 'InvalidDefinition', message });
  };
  refused(() => g.add(a, b), /add\(\[2,3\], \[2,4\]\): axis 1 has extents 3 and 4/);
  refused(() => g.matmul(a, b), /matmul.*is 2 but must be 3/);
  refused(() => g.reshape(a, [4]), /reshape\(\[2,3\]\).*\[4\]/);
  refused(() => g.broadcastTo(a, [2, 6]), /axis 1/);
  refused(() => g.broadcastTo(a, [3]), /axis 0|cannot be repeated/);
  refused(() => g.transpose(a, [0, 0]), /permutation/);
  refused(() => g.reduceSum(a, [2]), /no axis 2/);
  refused(() => g.softmax(image), /matrix/);
  refused(() => g.conv2d(image, g.input('f', [3, 3, 5, 1])), /input channels.*5 but must be 2/);
  refused(() => g.conv2d(image, g.input('h', [7, 7, 2, 1])), /window of 7 does not fit into 4/);
  refused(() => g.avgPool(a, { size: 2, stride: 2 }), /4 axes/);
  refused(() => g.input('a', [3]), /"a" was declared with another shape/);
  refused(() => g.constant(NaN), /finite/);
});

test('equal nodes are one node, whatever the order of a sum', () => {
  const g = new GraphBuilder();
  const [a, b] = [g.input('a', [2]), g.input('b', [2])];
  assert.equal(g.input('a', [2]), a);
  assert.equal(g.add(a, b), g.add(b, a));
  assert.equal(g.mul(a, b), g.mul(b, a));
  assert.notEqual(g.sub(a, b), g.sub(b, a));
  assert.notEqual(g.scale(a, 2), g.scale(a, 3));
  const size = g.size;
  g.exp(g.add(a, b));
  g.exp(g.add(b, a));
  assert.equal(g.size, size + 1);
});

test('what does nothing is left out and chains collapse', () => {
  const g = new GraphBuilder();
  const x = g.input('x', [2, 3]);
  const scalar = g.input('s', []);
  assert.equal(g.scale(x, 1), x);
  assert.equal(g.addScalar(x, 0), x);
  assert.equal(g.add(x, g.constant(0)), x);
  assert.equal(g.mul(g.constant(1, [2, 3]), x), x);
  assert.equal(g.scale(g.scale(x, 4), 0.25), x);
  assert.equal(g.reshape(g.reshape(x, [6]), [2, 3]), x);
  assert.equal(g.transpose(g.transpose(x, [1, 0]), [1, 0]), x);
  assert.equal(g.broadcastTo(x, [2, 3]), x);
  assert.equal(g.reduceSum(g.input('row', [1, 3]), [0]), g.input('row', [1, 3]));
  assert.equal(g.sub(x, g.scale(x, -1)), g.scale(x, 2));
  assert.equal(g.add(x, g.scale(scalar, -1)), g.sub(x, scalar));
  assert.deepEqual(kinds([g.mul(x, g.broadcastTo(scalar, [2, 3]))]), ['mul']);
  assert.deepEqual(kinds([g.sum(g.broadcastTo(scalar, [2, 3]))]), ['scale']);
  assert.deepEqual(kinds([g.transpose(g.input('grey', [5, 1, 4, 4]), [0, 2, 3, 1])]), ['reshape']);
});

test('zeros make what they are multiplied with unnecessary', () => {
  const g = new GraphBuilder();
  const x = g.input('x', [1, 4, 4, 2]);
  const zeros = g.constant(0, [3, 3, 2, 5]);
  const y = g.add(g.conv2d(x, zeros, { padding: 1 }), g.input('b', [5]));
  assert.deepEqual(kinds([y]), ['broadcastTo']);
});

test('simplified expressions keep their value', () => {
  const g = new GraphBuilder();
  const [a, b] = [g.input('a', [4, 3]), g.input('b', [3])];
  const values = { a: field(12, 1, -1, 1), b: field(3, 2, -1, 1) };
  const expression = g.reduceSum(
    g.mul(g.scale(g.sub(g.constant(0, [4, 3]), a), 3), g.broadcastTo(g.scale(b, -2), [4, 3])),
    [0],
  );
  const expected = Float64Array.from({ length: 3 }, (_, column) => {
    let sum = 0;
    for (let row = 0; row < 4; row++) sum += 6 * values.a[row * 3 + column]! * values.b[column]!;
    return sum;
  });
  assert.ok(relativeError(interpret([expression], values)[0]!, expected) < 1e-12);
});

test('a program computes only what its outputs need and releases each value after its last use', () => {
  const g = new GraphBuilder();
  const x = g.input('x', [8]);
  const [first, unused] = [g.exp(x), g.log(x)];
  const second = g.sigmoid(first);
  const third = g.mul(first, second);
  const program = compile([g.sub(third, second), second]);
  assert.deepEqual(
    program.steps.map((step) => step.node.operation.kind),
    ['exp', 'sigmoid', 'mul', 'sub'],
  );
  assert.ok(!program.steps.some((step) => step.node === unused));
  const slotOf = (node: Node): number => program.steps.find((step) => step.node === node)!.result;
  assert.deepEqual(
    program.steps.map((step) => step.releases),
    [[], [], [slotOf(first)], [slotOf(third)]],
  );
  assert.equal(program.peakTensors, 3);
  assert.equal(program.peakBytes, 3 * 32);
});

test('the operations of convolutions and matrix products are counted', () => {
  const g = new GraphBuilder();
  const x = g.input('x', [2, 8, 8, 3]);
  const filter = g.input('filter', [3, 3, 3, 5]);
  const y = g.conv2d(x, filter, { padding: 1 });
  const perLayer = 2 * sizeOf([2, 8, 8, 5]) * 27;
  assert.equal(compile([y]).flops, perLayer);
  const dx = g.apply({ kind: 'conv2dInputGrad', stride: 1, padding: 1, inputSize: [8, 8] }, y, filter);
  const df = g.apply({ kind: 'conv2dFilterGrad', stride: 1, padding: 1, filterSize: [3, 3] }, x, y);
  assert.equal(compile([dx, df]).flops, 3 * perLayer);
  const product = g.matmul(g.input('a', [4, 6]), g.input('b', [5, 6]), { transposeB: true });
  assert.equal(compile([product]).flops, 2 * 4 * 5 * 6);
});
