/**
 * @file First and second derivatives of every primitive against finite differences in float64.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { field } from '../../distillation/golden/field.js';
import { relativeError } from '../../distillation/golden/comparison.js';
import { gradients } from '../../tensor/differentiate.js';
import { GraphBuilder } from '../../tensor/graph.js';
import type { Node } from '../../tensor/graph.js';
import { sizeOf } from '../../tensor/shape.js';
import { interpret } from '../support/interpreter.js';
import type { Values } from '../support/interpreter.js';
import { examples, place } from '../support/primitives.js';

/** Central differences of a scalar in every element of every input. */
function finiteDifferences(scalar: Node, inputs: readonly Node[], values: Values): Float64Array[] {
  const step = 1e-5;
  return inputs.map((_, index) => {
    const name = `x${index}`;
    return values[name]!.map((_value, k) => {
      const at = (delta: number): number => {
        const moved = values[name]!.slice();
        moved[k]! += delta;
        return interpret([scalar], { ...values, [name]: moved })[0]![0]!;
      };
      return (at(step) - at(-step)) / (2 * step);
    });
  });
}

function assertGradient(scalar: Node, symbolic: readonly Node[], inputs: readonly Node[], values: Values) {
  const numeric = finiteDifferences(scalar, inputs, values);
  interpret(symbolic, values).forEach((ours, index) => {
    const error = relativeError(ours, numeric[index]!);
    assert.ok(error < 1e-7, `input ${index}: relative error ${error}`);
  });
}

for (const [kind, list] of Object.entries(examples)) {
  list.forEach((example, number) => {
    test(`${kind} (${number}) has the right first and second derivatives`, () => {
      const g = new GraphBuilder();
      const { nodes, values } = place(g, example);
      const y = example.build(g, nodes);
      const weights = g.input('weights', y.shape);
      const given: Values = { ...values, weights: field(sizeOf(y.shape), 50, -1, 1) };
      // Quadratic in y, so that a linear primitive has second derivatives too.
      const scalar = g.dot(weights, g.mul(y, y));
      const first = gradients(g, scalar, nodes);
      assertGradient(scalar, first, nodes, given);

      const along = nodes.map((node, index) => g.input(`along${index}`, node.shape));
      const slopes = first.map((slope, index) => g.dot(slope, along[index]!));
      const slope = slopes.reduce((sum, part) => g.add(sum, part));
      const directions = Object.fromEntries(
        nodes.map((node, index) => [`along${index}`, field(sizeOf(node.shape), 60 + index, -1, 1)]),
      );
      assertGradient(slope, gradients(g, slope, nodes), nodes, { ...given, ...directions });
    });
  });
}

test('a node the output does not depend on has a gradient of zeros', () => {
  const g = new GraphBuilder();
  const [x, y] = [g.input('x', [2]), g.input('y', [3])];
  const [toY] = gradients(g, g.sum(x), [y]);
  assert.deepEqual(toY!.operation, { kind: 'constant', value: 0, shape: [3] });
});

test('the seed must have the shape of the output', () => {
  const g = new GraphBuilder();
  const x = g.input('x', [2, 3]);
  assert.throws(() => gradients(g, x, [x]), { code: 'InvalidDefinition', message: /shape \[2,3\]/ });
});

test('a seed that enters linearly leaves a derivative without it', () => {
  const g = new GraphBuilder();
  const [x, v, unit] = [g.input('x', [3]), g.input('v', [3]), g.input('unit', [])];
  const [scaled] = gradients(g, g.sum(g.exp(x)), [x], unit);
  const [tangent] = gradients(g, g.dot(v, scaled!), [unit]);
  const values = { x: Float64Array.of(0, 1, -1), v: Float64Array.of(2, 3, 5) };
  const [value] = interpret([tangent!], values);
  const expected = 2 + 3 * Math.E + 5 / Math.E;
  assert.ok(Math.abs(value![0]! - expected) < 1e-12);
});
