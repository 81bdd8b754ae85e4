/**
 * @file Counts by formula agree with networks as they are built, and with counting by hand.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compile, describePlan } from '../../definition/index.js';
import { parameterCount } from '../../definition/parameter-count.js';
import { DistilleryError } from '../../errors/errors.js';
import { buildNetwork } from '../../networks/registry.js';
import type { ConvNetSpec } from '../../networks/spec.js';
import { changed, example } from './examples.js';

const convNet: ConvNetSpec = {
  architecture: 'ConvNet',
  depth: 3,
  width: 128,
  norm: 'instance',
  pool: 'avg',
  act: 'relu',
};
const square = (channels: number, size: number) => ({ channels, height: size, width: size });

describe('the number of parameters', () => {
  it('is that of the published runs', () => {
    assert.equal(parameterCount(convNet, square(3, 32), 10), 320_010);
    assert.equal(parameterCount(convNet, square(1, 28), 10), 317_706);
    assert.equal(parameterCount({ ...convNet, depth: 4 }, square(3, 64), 200), 857_160);
    assert.equal(parameterCount({ ...convNet, depth: 5 }, square(3, 128), 10), 615_690);
  });

  it('is that of the network as built, for every option', () => {
    for (const norm of ['none', 'batch', 'layer', 'instance', 'group'] as const)
      for (const pool of ['none', 'max', 'avg'] as const)
        for (const depth of [1, 3, 6])
          for (const image of [square(1, 28), square(3, 30)]) {
            const spec: ConvNetSpec = { ...convNet, norm, pool, depth, width: 8 };
            assert.equal(parameterCount(spec, image, 7), built(spec, image), JSON.stringify({ spec, image }));
          }
  });
});

function built(spec: ConvNetSpec, image: ReturnType<typeof square>): number | undefined {
  try {
    return buildNetwork(spec, image, 7).parameterCount;
  } catch (error) {
    // Images that the depth halves away.
    assert.ok(error instanceof DistilleryError);
    return undefined;
  }
}

describe('the summary of a plan', () => {
  it('counts steps, images and bytes', () => {
    const summary = describePlan(compile(example).plan);
    // 9 * 8 + 8 + 16, then 8 * 8 * 9 + 8 + 16, then 8 * 8 * 8 inputs of 10 classes.
    assert.deepEqual(summary.network, { text: 'ConvNet, depth 2, width 8', parameters: 96 + 600 + 5130 });
    assert.deepEqual(summary.dataset, {
      source: 'fashion-mnist',
      holdout: 500,
      train: 1000,
      test: 10_000,
      classes: 10,
    });
    const [experts, distill, evaluate, report] = summary.stages;
    assert.deepEqual(experts, {
      id: 'experts',
      uses: 'train-experts',
      needs: [],
      units: 2,
      unitName: 'experts',
      parallel: 2,
      sgdSteps: 2 * 10 * 4,
      imagesSeen: 20_000,
      storedBytes: 2 * 11 * 5826 * 4,
    });
    // Two candidates of 300 epochs of one step.
    assert.deepEqual(distill, {
      id: 'distill',
      uses: 'distill',
      needs: ['experts'],
      units: 10,
      unitName: 'chunks',
      parallel: 1,
      secondOrderSteps: 500,
      sgdSteps: 500 + 600,
      imagesSeen: 5000 + 6000,
      storedBytes: 2 * 10 * 784 * 4,
    });
    assert.deepEqual(evaluate, {
      id: 'evaluate',
      uses: 'evaluate',
      needs: ['experts', 'distill'],
      units: 10,
      unitName: 'trainings',
      parallel: 4,
      sgdSteps: 10_000,
      imagesSeen: 100_000,
    });
    assert.equal(report?.units, 1);
    assert.equal(summary.sgdSteps, 80 + 1100 + 10_000);
    assert.equal(summary.storedBytes, 2 * 11 * 5826 * 4 + 62_720);
  });

  it('leaves out what only the store knows', () => {
    const summary = describePlan(compile(changed('source: fashion-mnist, limit: 1000', 'source: mine')).plan);
    assert.deepEqual(summary.dataset, { source: 'mine', holdout: 500 });
    assert.equal(summary.network.parameters, undefined);
    assert.equal(summary.stages[0]?.sgdSteps, undefined);
    assert.equal(summary.stages[1]?.secondOrderSteps, 500);
    assert.equal(summary.sgdSteps, 0);
  });
});
