/**
 * @file Evaluations of every architecture on the real engine.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkSpec } from '../../networks/spec.js';
import { tinyNetwork } from '../support/tiny.js';
import { evaluateNetwork, evaluation, inPieces, newStore, run } from './tiny-tasks.js';

const architectures: readonly NetworkSpec[] = [
  { architecture: 'MLP' },
  { architecture: 'LeNet' },
  { architecture: 'AlexNet' },
  { architecture: 'VGG11', norm: 'instance' },
  { architecture: 'ResNet18', norm: 'instance' },
  { architecture: 'ResNet18_AP', norm: 'batch' },
];

test('every architecture is trained and tested', async (t) => {
  const { store, dataset } = await newStore(t, { channels: 1, height: 28, width: 28 });
  const small = { epochs: 1, lr: 1e-3, trainingSet: { kind: 'random', ipc: 1 } } as const;
  const measured = new Set<number>();
  for (const network of architectures) {
    const { accuracy, loss } = await run(evaluateNetwork, evaluation(dataset, { ...small, network }), store);
    assert.ok(accuracy >= 0 && accuracy <= 1);
    assert.ok(loss > 0 && loss < 5, `${network.architecture}: ${loss}`);
    measured.add(loss);
  }
  assert.equal(measured.size, architectures.length);
});

test('running averages survive a preemption', async (t) => {
  const { store, dataset } = await newStore(t);
  const input = evaluation(dataset, { network: { ...tinyNetwork, norm: 'batch' }, fresh: 'pieces' });
  const { result, stops } = await inPieces(evaluateNetwork, input, store, 2);
  assert.ok(stops > 3);
  assert.deepEqual(result, await run(evaluateNetwork, { ...input, fresh: 'whole' }, store));
});
