/**
 * @file What networks are called in tables.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkLabels } from '../../definition/network-names.js';
import type { ConvNetSpec } from '../../networks/spec.js';

const convNet: ConvNetSpec = {
  architecture: 'ConvNet',
  depth: 3,
  width: 128,
  norm: 'instance',
  pool: 'avg',
  act: 'relu',
};

test('a name alone does where there is one network of it, however often', () => {
  const labels = networkLabels([
    convNet,
    { architecture: 'ResNet18', norm: 'batch' },
    { architecture: 'ResNet18', norm: 'instance' },
    { ...convNet },
    { architecture: 'custom', name: 'Wide', options: { width: 4 } },
  ]);
  assert.deepEqual(labels, ['ConvNet', 'ResNet18BN', 'ResNet18', 'ConvNet', 'Wide']);
});

test('networks of one name are told apart by their sizes and options', () => {
  const labels = networkLabels([
    convNet,
    { architecture: 'AlexNet' },
    { ...convNet, norm: 'none', pool: 'max', act: 'sigmoid' },
    { architecture: 'custom', name: 'Wide', options: { width: 4 } },
    { architecture: 'custom', name: 'Wide', options: { width: 8 } },
  ]);
  assert.deepEqual(labels, [
    'ConvNet-D3-W128',
    'AlexNet',
    'ConvNet-D3-W128-nonorm-max-sigmoid',
    'Wide-width=4',
    'Wide-width=8',
  ]);
});
