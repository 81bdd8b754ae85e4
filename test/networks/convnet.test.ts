/**
 * @file ConvNet and its options: parameters, sizes, what is refused, initialisation.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { field } from '../../distillation/golden/field.js';
import { initialiseParameters } from '../../networks/initialise.js';
import { buildNetwork } from '../../networks/registry.js';
import type { ConvNetSpec, NetworkSpec } from '../../networks/spec.js';
import { gradients } from '../../tensor/differentiate.js';
import { GraphBuilder } from '../../tensor/graph.js';
import { compile } from '../../tensor/program.js';
import { sizeOf } from '../../tensor/shape.js';
import { interpret } from '../support/interpreter.js';

const grey = { channels: 1, height: 28, width: 28 };
const colour = { channels: 3, height: 32, width: 32 };
const spec: ConvNetSpec = {
  architecture: 'ConvNet',
  depth: 3,
  width: 128,
  norm: 'instance',
  pool: 'avg',
  act: 'relu',
};

test('the parameter counts are those of the reference', () => {
  const count = (depth: number, input: typeof grey, classes: number): number =>
    buildNetwork({ ...spec, depth }, input, classes).parameterCount;
  assert.equal(count(3, grey, 10), 317_706);
  assert.equal(count(3, colour, 10), 320_010);
  assert.equal(count(4, { channels: 3, height: 64, width: 64 }, 200), 857_160);
  assert.equal(count(5, { channels: 3, height: 128, width: 128 }, 10), 615_690);
});

test('parameters are named as the reference numbers its layers', () => {
  const names = (changes: Partial<ConvNetSpec>): string[] =>
    buildNetwork({ ...spec, depth: 2, ...changes }, colour, 10).parameters.map(({ name }) => name);
  const weights = (changes: Partial<ConvNetSpec>): string[] =>
    names(changes).filter((name) => name.endsWith('weight'));
  assert.deepEqual(weights({}), [
    'features.0.weight',
    'features.1.weight',
    'features.4.weight',
    'features.5.weight',
    'classifier.weight',
  ]);
  assert.deepEqual(weights({ norm: 'none' }), [
    'features.0.weight',
    'features.3.weight',
    'classifier.weight',
  ]);
  assert.deepEqual(weights({ norm: 'none', pool: 'none' }), [
    'features.0.weight',
    'features.2.weight',
    'classifier.weight',
  ]);
});

test('layer norm has a weight for every element of an activation', () => {
  const { parameters } = buildNetwork({ ...spec, norm: 'layer', width: 8, depth: 2 }, grey, 10);
  const shape = (name: string) => parameters.find((parameter) => parameter.name === name)?.shape;
  assert.deepEqual(shape('features.1.weight'), [8, 32, 32]);
  assert.deepEqual(shape('features.5.bias'), [8, 16, 16]);
});

test('what cannot be built is refused, with the sizes', () => {
  const refused = (changes: object, input: typeof grey, message: RegExp): void => {
    const asked = { ...spec, ...changes } as NetworkSpec;
    assert.throws(() => buildNetwork(asked, input, 10), { code: 'InvalidDefinition', message });
  };
  refused({ architecture: 'Transformer' }, grey, /no "Transformer"; there is ConvNet/);
  refused({ depth: 4 }, { channels: 3, height: 8, width: 12 }, /depth 4 .* 8x12 .*block 4 leaves 0x0/);
  refused({ depth: 0 }, grey, /depth: 0/);
  refused({ width: 2.5 }, grey, /width: 2.5/);
  refused({ norm: 'group', width: 6 }, grey, /4 groups .* not 6/);
  assert.equal(buildNetwork({ ...spec, depth: 6, pool: 'none', width: 4 }, colour, 10).parameters.length, 26);
});

const norms = ['none', 'batch', 'layer', 'instance', 'group'] as const;
const pools = ['none', 'max', 'avg'] as const;
const activations = ['relu', 'leakyrelu', 'sigmoid'] as const;

for (const norm of norms) {
  for (const pool of pools) {
    for (const act of activations) {
      test(`norm ${norm}, pool ${pool}, act ${act}: the gradient is that of finite differences`, () => {
        const network = buildNetwork(
          { architecture: 'ConvNet', depth: 1, width: 4, norm, pool, act },
          { channels: 2, height: 4, width: 4 },
          3,
        );
        const g = new GraphBuilder();
        const images = g.input('images', [2, 2, 4, 4]);
        const parameters = network.parameters.map(({ name, shape }) => g.input(name, shape));
        const logits = network.forward(g, images, parameters);
        assert.deepEqual(logits.shape, [2, 3]);
        const scalar = g.dot(logits, logits);
        const values: Record<string, Float64Array> = { images: field(64, 1, -1, 1) };
        network.parameters.forEach(({ name, shape }, index) => {
          values[name] = field(sizeOf(shape), 2 + index, -1, 1);
        });
        const wrt = [images, ...parameters];
        const slopes = interpret(gradients(g, scalar, wrt), values);
        // Along one pseudo-random direction of all inputs at once.
        const names = ['images', ...network.parameters.map(({ name }) => name)];
        const step = 1e-6;
        const at = (delta: number): number => {
          const moved = names.map((name, index) => {
            const direction = field(values[name]!.length, 100 + index, -1, 1);
            return [name, values[name]!.map((value, k) => value + delta * direction[k]!)];
          });
          return interpret([scalar], Object.fromEntries(moved) as typeof values)[0]![0]!;
        };
        const numeric = (at(step) - at(-step)) / (2 * step);
        const symbolic = slopes.reduce((sum, slope, index) => {
          const direction = field(slope.length, 100 + index, -1, 1);
          return slope.reduce((partial, value, k) => partial + value * direction[k]!, sum);
        }, 0);
        assert.ok(Math.abs(symbolic - numeric) < 1e-6 * Math.abs(numeric), `${symbolic} and ${numeric}`);
      });
    }
  }
}

test('a bias before a norm that takes it out again costs nothing and has no gradient', () => {
  const network = buildNetwork({ ...spec, width: 4 }, grey, 10);
  const g = new GraphBuilder();
  const images = g.input('images', [2, 1, 28, 28]);
  const parameters = network.parameters.map(({ name, shape }) => g.input(name, shape));
  const logits = network.forward(g, images, parameters);
  assert.ok(!compile([logits]).inputs.some(({ name }) => name === 'features.0.bias'));
  const [slope] = gradients(g, g.sum(logits), [parameters[1]!]);
  assert.deepEqual(slope!.operation, { kind: 'constant', value: 0, shape: [4] });
});

test('initial weights and biases are uniform within 1/sqrt(fan in), norms the identity', () => {
  const network = buildNetwork({ ...spec, width: 16 }, grey, 10);
  const asked: number[] = [];
  const flat = initialiseParameters(network, (index) => {
    asked.push(index);
    let k = 0;
    const values = field(100_000, index, 0, 1);
    return { uniform: () => values[k++]! };
  });
  assert.equal(flat.length, network.parameterCount);
  let offset = 0;
  network.parameters.forEach(({ name, shape }, index) => {
    const values = flat.subarray(offset, (offset += sizeOf(shape)));
    const isNorm = /features\.(1|5|9)\./.test(name);
    assert.equal(asked.includes(index), !isNorm, name);
    if (isNorm) {
      assert.ok(
        values.every((value) => value === (name.endsWith('weight') ? 1 : 0)),
        name,
      );
      return;
    }
    const fanIn = name.startsWith('features.0') ? 9 : name.startsWith('features') ? 144 : 256;
    const largest = Math.max(...values.map(Math.abs));
    assert.ok(largest <= 1 / Math.sqrt(fanIn), name);
    assert.ok(largest > 0.7 / Math.sqrt(fanIn), name);
    assert.ok(Math.min(...values) < 0 && Math.max(...values) > 0, name);
  });
});
