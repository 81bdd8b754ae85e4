/**
 * @file Our own kernels: convolutions at sizes that fit no tile, and the same bytes whatever divides the work.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { relativeError } from '../../distillation/golden/comparison.js';
import { field } from '../../distillation/golden/field.js';
import { gradients } from '../../tensor/differentiate.js';
import { engineEnvironment } from '../../tensor/environment.js';
import { GraphBuilder } from '../../tensor/graph.js';
import { compile } from '../../tensor/program.js';
import { sizeOf } from '../../tensor/shape.js';
import { testDevice } from '../support/device.js';
import { interpret } from '../support/interpreter.js';

const device = await testDevice();

for (const [images, height, width, inputs, outputs] of [
  [1, 7, 7, 16, 48],
  [3, 1, 5, 32, 16],
  [2, 6, 9, 80, 16],
  [5, 2, 2, 16, 112],
] as const) {
  test(`a convolution of ${[images, height, width, inputs].join('x')} to ${outputs}, and its gradients`, () => {
    const g = new GraphBuilder();
    const nodes = {
      x: g.input('x', [images, height, width, inputs]),
      filter: g.input('filter', [3, 3, inputs, outputs]),
      dy: g.input('dy', [images, height, width, outputs]),
    };
    const y = g.conv2d(nodes.x, nodes.filter, { padding: 1 });
    const program = [y, ...gradients(g, y, [nodes.x, nodes.filter], nodes.dy)];
    const values = Object.entries(nodes).map(([name, { shape }], index) => {
      return [name, shape, Float32Array.from(field(sizeOf(shape), index + 1, -1, 1))] as const;
    });
    const tensors = Object.fromEntries(
      values.map(([name, shape, data]) => [name, device.upload(data, shape)]),
    );
    const results = device.run(compile(program), tensors);
    const exact = interpret(
      program,
      Object.fromEntries(values.map(([name, , data]) => [name, Float64Array.from(data)])),
    );
    results.forEach((result, index) => {
      const error = relativeError(device.download(result), exact[index]!);
      assert.ok(error < 1e-6, `output ${index}: ${error}`);
    });
    device.release(...results, ...Object.values(tensors));
  });
}

test('what is not a number stays so through convolution, normalisation and activation', () => {
  const g = new GraphBuilder();
  const x = g.input('x', [1, 4, 4, 16]);
  const y = g.relu(g.conv2d(x, g.input('filter', [3, 3, 16, 16]), { padding: 1 }));
  const data = new Float32Array(256).fill(1);
  data[0] = NaN;
  const tensors = {
    x: device.upload(data, x.shape),
    filter: device.upload(new Float32Array(9 * 256).fill(1), [3, 3, 16, 16]),
  };
  const results = device.run(compile([g.sum(y)]), tensors);
  assert.ok(Number.isNaN(device.download(results[0]!)[0]));
  device.release(...results, ...Object.values(tensors));
});

/** Digest of a block's outputs and derivatives, three times over, in a process of its own. */
async function digestWith(threads: number, vectors = ''): Promise<string> {
  const imported = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `
    import { createHash } from 'node:crypto';
    import { openTensorflowDevice } from ${imported('../../tensor/tensorflow-device.js')};
    import { buildBlockGraph, runBlock } from ${imported('../support/fused-block.js')};
    import { normalise } from ${imported('../../networks/normalise.js')};
    const device = await openTensorflowDevice();
    const block = (g, x, weight, bias) =>
      g.avgPool(g.relu(normalise(g, x, [1, 2], weight, bias)), { size: 2, stride: 2 });
    const graph = buildBlockGraph(block, [5, 19, 23, 48]);
    const hash = createHash('sha256');
    for (let repeat = 0; repeat < 3; repeat++) runBlock(device, graph).forEach((values) => hash.update(values));
    console.log('digest=' + hash.digest('hex'));`;
  const options = ['--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, options, {
    env: { ...process.env, ...engineEnvironment(threads), DISTILLERY_VECTORS: vectors },
  });
  return /digest=(\w+)/.exec(stdout)?.[1] ?? stdout;
}

test('the number of threads and the width of vectors change no byte', async () => {
  const digests = [
    await digestWith(1),
    await digestWith(2),
    await digestWith(3),
    await digestWith(2, 'avx2'),
  ];
  assert.match(digests[0]!, /^\w{64}$/);
  assert.deepEqual(
    digests,
    digests.map(() => digests[0]),
  );
  // Proof that the variable is heeded: without fused products and sums there is another rounding.
  if (process.arch === 'x64') assert.notEqual(await digestWith(2, 'generic'), digests[0]);
});
