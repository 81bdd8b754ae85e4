/**
 * @file `distillery init`: what it writes compiles, whatever is chosen.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, describe, it } from 'node:test';

import { type Choices, type Method, methods, networks, type Size, sizes } from '../../cli/init/choices.js';
import { nameFor } from '../../cli/init/dataset-choice.js';
import { definitionText } from '../../cli/init/template.js';
import { compile } from '../../definition/index.js';
import { distilleryIn, type Ended } from './command.js';

const base: Choices = {
  name: 'fashion-mnist',
  dataset: { source: 'fashion-mnist', trainImages: 60_000, side: 28 },
  method: 'mtt',
  ipc: 1,
  size: 'small',
  network: 'ConvNet',
};

describe('the definition that init writes', () => {
  it('compiles without a warning for every method, size, number of images and network', () => {
    for (const method of Object.keys(methods) as Method[])
      for (const size of Object.keys(sizes) as Size[])
        for (const ipc of [1, 5, 10, 50])
          for (const network of networks) {
            const text = definitionText({ ...base, method, size, ipc, network }, './schema.json');
            const { plan, warnings } = compile(text);
            assert.deepEqual(warnings, [], text);
            const distill = plan.stages.find(({ uses }) => uses === 'distill');
            assert.deepEqual(
              [
                distill?.uses === 'distill' && distill.with.method.name,
                plan.params['ipc'],
                plan.network.architecture,
              ],
              [method, ipc, network],
            );
          }
  });

  it('fits the size of the images and the number of them', () => {
    const other = (trainImages: number, side: number) =>
      compile(definitionText({ ...base, dataset: { source: 'mine', trainImages, side } }, 's')).plan;
    assert.deepEqual(other(500, 8).dataset, { source: 'mine', holdout: 50 });
    const depth = (side: number): unknown => {
      const { network } = other(5000, side);
      return network.architecture === 'ConvNet' && network.depth;
    };
    assert.deepEqual([4, 16, 28, 32, 64, 128].map(depth), [2, 3, 3, 3, 4, 5]);
  });
});

describe('init', () => {
  const home = mkdtempSync(join(tmpdir(), 'distillery-init-'));
  after(() => rmSync(home, { recursive: true }));
  const init = (...words: string[]): Promise<Ended> => distilleryIn(home, ['init', ...words]);

  it('asks nothing without a terminal, and names the schema that editors need', async () => {
    const file = join(home, 'deep', 'mine.yaml');
    const { code, out, err } = await init('--output', file, '--ipc', '10', '--method', 'dm');
    assert.equal(code, 0, err);
    assert.equal(out, `${file}\n`);
    assert.match(err, /fashion-mnist in 10 images per class, by dm\. Next:\n {2}distillery plan /);
    const text = readFileSync(file, 'utf8');
    const schema = /\$schema=(.*)/.exec(text)?.[1] ?? '';
    assert.ok(existsSync(resolve(dirname(file), schema)), schema);
    assert.equal((await distilleryIn(home, ['validate', file])).code, 0);
  });

  it('writes over nothing unless it is told to', async () => {
    const file = join(home, 'kept.yaml');
    writeFileSync(file, 'mine');
    const { code, err } = await init('--output', file);
    assert.equal(code, 2);
    assert.match(err, /is there already.*--force/);
    assert.equal(readFileSync(file, 'utf8'), 'mine');
    assert.equal((await init('--output', file, '--force')).code, 0);
    assert.notEqual(readFileSync(file, 'utf8'), 'mine');
  });

  it('says what is wrong, and how other data come in', async () => {
    assert.match(
      (await init('--dataset', 'No Such', '-o', join(home, 'x'))).err,
      /neither the name of a data set/,
    );
    assert.equal((await init('--method', 'mtx')).code, 2);
    assert.equal((await init('--ipc', '0')).code, 2);
    const deep = await init('--dataset', 'cifar-10', '--network', 'VGG11', '-o', join(home, 'cifar.yaml'));
    assert.match(deep.err, /distillery dataset import PATH --name cifar-10/);
    assert.equal(nameFor('/data/My Photos 2.zip'), 'my-photos-2');
    assert.equal(nameFor('s3://bucket/7'), 'my-data');
  });
});
