/**
 * @file Data sets that code of the user's own brings: from a module's path to the store, with the checks of all.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadLoaderModules } from '../../custom/loader-modules.js';
import { importDataset } from '../../datasets/import.js';
import { inspectDataset } from '../../datasets/inspect.js';
import { loadDataset } from '../../datasets/load.js';
import type { DatasetLoader, LoadedDataset, LoadedSplit } from '../../datasets/loader.js';
import { lightDependencies } from '../../worker/dependencies.js';
import { temporaryFolder } from '../support/idx.js';
import { MemoryStore } from '../support/memory-store.js';

const module = fileURLToPath(new URL('./own-loaders.js', import.meta.url));
const shape = { channels: 1, height: 2, width: 2 };
const good: LoadedSplit = { shape, labels: [0, 1, 0, 1], images: new Uint8Array(16).fill(7) };

function importing(loaded: unknown): Promise<unknown> {
  const load: DatasetLoader = () => loaded as LoadedDataset;
  return importDataset(new MemoryStore(), { label: 'the loader of mine', load }, { name: 'mine' });
}

describe('a loader of a data set', () => {
  it('is found by its name in a module, and its images are stored in the common form', async () => {
    const datasets = await loadLoaderModules([module], undefined);
    const store = new MemoryStore();
    const said: string[] = [];
    const { importBuiltin } = lightDependencies((line) => said.push(line), { datasets });
    const reference = await importBuiltin(store, 'corners');
    assert.ok(reference);
    assert.deepEqual(said, ['importing corners by its loader']);
    assert.equal(await importBuiltin(store, 'circles'), undefined);

    const { manifest, train, test } = await loadDataset(store, reference);
    assert.deepEqual(
      [manifest.name, manifest.classNames, manifest.flip, train.count, test.count],
      ['corners', ['a', 'b', 'c', 'd'], false, 40, 8],
    );
    // The third image is of class 2, bottom left, at 0.7 of 255 in float32.
    assert.deepEqual([...train.images.subarray(2 * 64 + 32, 2 * 64 + 40)], [178, 178, 178, 178, 0, 0, 0, 0]);
    assert.equal(train.labels[2], 2);

    const again = await importBuiltin(store, 'corners');
    assert.deepEqual(again, reference, 'the same images are the same data set');
  });

  it('may give images in batches and leave out the test set', async () => {
    const images = function* () {
      for (let image = 0; image < 20; image += 4) yield new Uint8Array(16).fill(image);
    };
    const labels = Uint8Array.from({ length: 20 }, (_, image) => image % 2);
    const store = new MemoryStore();
    const load = () => ({ train: { shape, labels, images } });
    const { heldOut, reference } = await importDataset(store, { label: 'mine', load }, { name: 'mine' });
    assert.equal(heldOut, true);
    const { train, test } = await loadDataset(store, reference);
    assert.deepEqual([train.count, test.count], [18, 2]);

    const inMemory = Uint8Array.from({ length: 80 }, (_, at) => 4 * Math.floor(at / 16));
    const whole = () => ({ train: { shape, labels, images: inMemory } });
    const reports = await Promise.all(
      [load, whole].map((one) => inspectDataset({ label: 'mine', load: one })),
    );
    assert.equal(reports[0]?.digest, reports[1]?.digest);
  });

  it('is refused with what is wrong, like every data set', async () => {
    const refused = (loaded: unknown, message: RegExp) =>
      assert.rejects(importing(loaded), { code: 'InvalidDataset', message });
    const train = (change: object) => ({ train: { ...good, ...change }, test: good, classNames: ['a', 'b'] });
    await refused({}, /the loader of mine: it brings no training images/);
    await refused(train({ labels: [0, 1, 0, 5] }), /the loader of mine: train image 3 has label 5/);
    await refused(
      train({ labels: [0, 1, 0.5, 1] }),
      /mine, train: labels are whole numbers, found 0\.5 as label 2/,
    );
    await refused(train({ labels: [0, 1, 0] }), /mine, train: there are 3 labels, but more images/);
    await refused(train({ images: new Uint8Array(12) }), /there are 4 labels, but 3 images/);
    await refused(
      train({ images: new Uint8Array(15) }),
      /a batch of 15 values is no number of images of 4 values/,
    );
    const floats = Float32Array.from({ length: 16 }, (_, at) => (at === 9 ? NaN : 0.5));
    await refused(
      train({ images: floats }),
      /mine, train: image 2 has the pixel NaN; floats are from 0 to 1/,
    );
    await refused(train({ shape: { ...shape, channels: 2 } }), /images have 1 or 3 channels/);
    const wider = { shape: { ...shape, width: 4 }, labels: [0, 1], images: new Uint8Array(16) };
    await refused({ train: good, test: wider }, /training images are 1 x 2 x 2, test images 1 x 2 x 4/);
    await refused(train({ labels: [0, 0, 0, 0] }), /the train split has no image of 1 of 2 classes \(b\)/);
    const failing = { label: 'mine', load: () => Promise.reject(new Error('no network')) };
    await assert.rejects(importDataset(new MemoryStore(), failing, { name: 'mine' }), {
      code: 'InvalidDataset',
      message: 'mine: it failed: no network. Correct the loader.',
    });
  });

  it('comes from a module that exports loaders by name', async (t) => {
    const folder = await temporaryFolder(t);
    const refused = async (name: string, text: string, message: RegExp): Promise<void> => {
      const path = join(folder, name);
      await writeFile(path, text);
      await assert.rejects(loadLoaderModules([path], undefined), { code: 'InvalidDefinition', message });
    };
    await refused('number.mjs', 'export default 1', /its default export is not an object of loaders/);
    await refused(
      'object.mjs',
      'export default { mine: 1 }',
      /"mine" is not a function that loads a data set/,
    );
    await assert.rejects(
      loadLoaderModules([join(folder, 'absent.mjs')], undefined),
      /no module of loaders at/,
    );
    await assert.rejects(
      loadLoaderModules([module], await copyOf(module, folder)),
      /there are two loaders of "corners"/,
    );
  });
});

async function copyOf(path: string, folder: string): Promise<string> {
  const copy = join(folder, 'copy.mjs');
  await writeFile(copy, `export { default } from ${JSON.stringify(path)};`);
  return copy;
}
