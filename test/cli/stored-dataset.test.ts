/**
 * @file What `plan` finds wrong once it knows the data set of the store.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { storedDataset } from '../../cli/plans/stored-dataset.js';
import { importDataset } from '../../datasets/import.js';
import { compile, describePlan } from '../../definition/index.js';
import { brief, failure } from '../definition/examples.js';
import { MemoryStore } from '../support/memory-store.js';

const shape = { channels: 1, height: 8, width: 8 };

function split(zeros: number, ones: number) {
  const labels = [...Array<number>(zeros).fill(0), ...Array<number>(ones).fill(1)];
  return { shape, labels, images: new Uint8Array(64 * labels.length).map((_, at) => at % 251) };
}

function definition(dataset: string, ipc = 1, network = '{ architecture: ConvNet, depth: 2, width: 8 }') {
  return `name: own
dataset: { source: mine, ${dataset} }
network: ${network}
stages:
  picks:
    uses: select
    with:
      method: { name: random }
      ipc: ${ipc}
  evaluate: { uses: evaluate, with: { dataset: '\${{ stages.picks.result }}' } }
`;
}

describe('a data set in the store', () => {
  const store = new MemoryStore();
  before(() =>
    importDataset(
      store,
      { label: 'mine', load: () => ({ train: split(90, 10), test: split(2, 2) }) },
      { name: 'mine' },
    ),
  );

  /** Messages with their places, of what only the store can say. */
  async function problems(text: string): Promise<string[]> {
    const dataset = await storedDataset(store, compile(text).plan);
    assert.ok(dataset);
    return failure(text, { dataset }).issues.map((issue) => `${brief(issue)} [${issue.code}]`);
  }

  it('is known by its shape and counts, and gives a plan its figures', async () => {
    const { plan } = compile(definition('holdout: 10'));
    const dataset = await storedDataset(store, plan);
    assert.deepEqual(dataset, { shape, classes: 2, trainImages: 100, testImages: 4 });
    const { dataset: described } = describePlan(plan, dataset);
    assert.deepEqual(described, { source: 'mine', holdout: 10, train: 90, test: 4, classes: 2 });
    assert.deepEqual(compile(definition('holdout: 10'), { dataset }).plan, plan);
    assert.equal(await storedDataset(new MemoryStore(), plan), undefined);
  });

  it('has too few images for a holdout, a limit, or a network', async () => {
    assert.deepEqual(await problems(definition('holdout: 100')), [
      '2:35 "mine" has 100 training images; 100 held out leave too few to train on [inconsistent]',
    ]);
    assert.deepEqual(await problems(definition('holdout: 10, limit: 91')), [
      '2:46 "mine" has 100 training images; with 10 held out, the limit can be at most 90, found 91 [inconsistent]',
    ]);
    const deep = '{ architecture: ConvNet, depth: 4, width: 8 }';
    const [found] = await problems(definition('holdout: 10', 1, deep));
    assert.match(found ?? '', /^3:\d+ .*8x8|^3:\d+ .*8 x 8/);
  });

  it('lacks a class among the images that a run would draw, or has fewer of it than are taken', async () => {
    assert.deepEqual(await problems(definition('holdout: 10, limit: 1')), [
      '2:46 1 images cannot be of all 2 classes; every class must be trained on [inconsistent]',
    ]);
    assert.deepEqual(await problems(definition('holdout: 10, limit: 4')), [
      '2:46 of the 4 images that are trained on none is of class "1"; raise the limit or lower the holdout [inconsistent]',
    ]);
    // On average there are 45 of each.
    const [found, ...others] = await problems(definition('holdout: 10', 30));
    assert.match(
      found ?? '',
      /^9:12 ipc 30 is more than class "1" has images to train on: 10; lower ipc, raise the limit or lower the holdout \[inconsistent\]$/,
    );
    assert.deepEqual(others, []);
  });
});
