/**
 * @file The TensorFlow device: every primitive against the interpreter, ownership of tensors, repeatability.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { relativeError } from '../../distillation/golden/comparison.js';
import { field } from '../../distillation/golden/field.js';
import { GraphBuilder } from '../../tensor/graph.js';
import { compile } from '../../tensor/program.js';
import { sizeOf } from '../../tensor/shape.js';
import { testDevice } from '../support/device.js';
import { interpret } from '../support/interpreter.js';
import { examples, place } from '../support/primitives.js';

const device = await testDevice();

for (const [kind, list] of Object.entries(examples)) {
  list.forEach((example, number) => {
    test(`${kind} (${number}) computes what the interpreter computes`, () => {
      const before = device.liveTensors;
      const g = new GraphBuilder();
      const { nodes, values } = place(g, example);
      const y = example.build(g, nodes);
      const inputs = Object.fromEntries(
        nodes.map((node, index) => {
          const name = `x${index}`;
          return [name, device.upload(Float32Array.from(values[name]!), node.shape)];
        }),
      );
      const rounded = Object.fromEntries(
        Object.entries(values).map(([name, data]) => [name, Float64Array.from(Float32Array.from(data))]),
      );
      const [expected] = interpret([y], rounded);
      const [output] = device.run(compile([y]), inputs);
      assert.deepEqual(output!.shape, y.shape);
      const ours = device.download(output!);
      const error = relativeError(ours, expected!);
      assert.ok(error < 1e-6, `relative error ${error}`);
      device.release(output!, ...Object.values(inputs));
      assert.equal(device.liveTensors, before);
    });
  });
}

test('the sum over images too large for the cache is exact to the rounding of its additions', () => {
  const shape = [8, 64, 64, 32];
  const data = Float32Array.from(field(sizeOf(shape), 5, -1, 1));
  const g = new GraphBuilder();
  const x = g.input('x', shape);
  const input = device.upload(data, shape);
  const [large] = device.run(compile([g.reduceSum(x, [1, 2])]), { x: input });
  const sums = device.download(large!);
  device.release(input, large!);
  const expected = new Float64Array(8 * 32);
  data.forEach((value, k) => (expected[Math.floor(k / (64 * 64 * 32)) * 32 + (k % 32)]! += value));
  assert.ok(relativeError(sums, expected) < 3e-6);
});

test('a constant is computed without inputs', () => {
  const g = new GraphBuilder();
  const [output] = device.run(compile([g.constant(2.5, [2, 2])]), {});
  assert.deepEqual([...device.download(output!)], [2.5, 2.5, 2.5, 2.5]);
  device.release(output!);
});

test('an upload copies: the caller may write to its array again', () => {
  const data = Float32Array.of(1, 2, 3);
  const tensor = device.upload(data, [3]);
  data.fill(9);
  assert.deepEqual([...device.download(tensor)], [1, 2, 3]);
  device.release(tensor);
});

test('an input that is an output, and an output asked for twice, have handles of their own', () => {
  const before = device.liveTensors;
  const g = new GraphBuilder();
  const x = g.input('x', [2]);
  const doubled = g.scale(x, 2);
  const program = compile([x, doubled, doubled]);
  const input = device.upload(Float32Array.of(3, 4), [2]);
  const outputs = device.run(program, { x: input });
  device.release(input);
  assert.deepEqual(
    outputs.map((output) => [...device.download(output)]),
    [
      [3, 4],
      [6, 8],
      [6, 8],
    ],
  );
  device.release(...outputs);
  assert.equal(device.liveTensors, before);
});

test('inputs that are missing, of another shape or released are refused, and nothing is leaked', () => {
  const before = device.liveTensors;
  const g = new GraphBuilder();
  const program = compile([g.exp(g.input('x', [2]))]);
  assert.throws(() => device.run(program, {}), { code: 'InvalidDefinition', message: /"x" is not given/ });
  const wrong = device.upload(Float32Array.of(1), [1]);
  assert.throws(() => device.run(program, { x: wrong }), { message: /"x" has shape \[1\].*\[2\]/ });
  device.release(wrong);
  assert.throws(() => device.download(wrong), /released/);
  assert.throws(() => device.upload(Float32Array.of(1), [2]), { message: /1 values .* \[2\]/ });
  assert.equal(device.liveTensors, before);
});

test('the engine says what it is', () => {
  assert.match(device.info.name, /^tensorflow \d+\.\d+\.\d+ (cpu|gpu)$/);
  assert.ok(device.info.threads >= 1);
  assert.notEqual(device.info.cpu, '');
});
