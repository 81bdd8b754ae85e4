import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { importDataset } from '../../datasets/import.js';
import { tarBytes, zipBytes } from '../support/archives.js';
import { temporaryFolder } from '../support/idx.js';
import { bandImages } from '../support/images.js';
import { readDataset } from '../support/memory-file.js';
import { MemoryStore } from '../support/memory-store.js';
import { byClass, classFolders, pngOf, samplePictures, writeFiles } from '../support/pictures.js';

const shape = { channels: 3, height: 8, width: 8 };
const train = bandImages(12, 3, shape);
const held = bandImages(6, 3, shape, 2);
const classNames = ['ant', 'bee', 'cow'];
const divided = [...classFolders(train, classNames, 'train/'), ...classFolders(held, classNames, 'val/')];

test('class folders below train and val, as a folder and in archives', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFiles(folder, divided);
  const expected = { format: 'folders', train: byClass(train), test: byClass(held), classNames };
  assert.deepEqual(await readDataset(folder), expected);
  const packed = await temporaryFolder(t);
  const inside = divided.map(([path, content]) => [`animals/${path}`, content] as const);
  await writeFile(join(packed, 'animals.tgz'), gzipSync(tarBytes(inside)));
  assert.deepEqual(await readDataset(join(packed, 'animals.tgz')), expected);
  await writeFile(join(packed, 'animals.zip'), zipBytes(inside, true));
  assert.deepEqual(await readDataset(join(packed, 'animals.zip')), expected);
});

test('class folders alone: a share of every class is held out', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFiles(folder, classFolders(bandImages(30, 3, shape), classNames, 'all/'));
  const { train: rest, test: drawn } = await readDataset(folder, { seed: 5, testFraction: 0.2 });
  assert.deepEqual([rest.count, drawn.count], [24, 6]);
  assert.deepEqual([...drawn.labels], [0, 0, 1, 1, 2, 2]);
  const store = new MemoryStore();
  const { manifest, heldOut } = await importDataset(store, folder, { name: 'animals' });
  assert.equal(heldOut, true);
  assert.deepEqual([manifest.train.count, manifest.test.count, manifest.classNames], [27, 3, classNames]);
});

test('grey pictures make one channel; a single coloured one makes three', async (t) => {
  const grey = bandImages(12, 3, { ...shape, channels: 1 });
  const folder = await temporaryFolder(t);
  await writeFiles(folder, [
    ...classFolders(grey, classNames, 'train/'),
    ...classFolders(grey, classNames, 'test/'),
  ]);
  assert.deepEqual((await readDataset(folder)).train, byClass(grey));
  await writeFiles(folder, [['train/cow/0011.png', pngOf(train, 0)]]);
  const mixed = await readDataset(folder);
  assert.equal(mixed.train.shape.channels, 3);
  assert.deepEqual(mixed.train.images.subarray(0, 64), grey.images.subarray(0, 64));
  assert.deepEqual(mixed.train.images.subarray(64, 128), grey.images.subarray(0, 64));
});

test('pictures of several sizes need a size to be brought to', async (t) => {
  const folder = await temporaryFolder(t);
  const large = bandImages(1, 3, { channels: 3, height: 12, width: 16 });
  await writeFiles(folder, [...divided, ['train/bee/9999.png', pngOf(large, 0)]]);
  await assert.rejects(readDataset(folder), {
    code: 'InvalidDataset',
    message: /bee\/9999\.png: expected 8 x 8 pixels as in the first picture, found 16 x 12\. Give --size/,
  });
  const { train: resized } = await readDataset(folder, { size: 6 });
  assert.deepEqual([resized.shape, resized.count], [{ channels: 3, height: 6, width: 6 }, 13]);
});

const subset = [
  'n01440764',
  'n02102040',
  'n02979186',
  'n03000684',
  'n03028079',
  'n03394916',
  'n03417042',
  'n03425413',
  'n03445777',
  'n03888257',
];
const wordnet = [...subset, 'n01443537'];

test('a class subset of ImageNet: its classes alone, in its order, with its constants', async (t) => {
  const folder = await temporaryFolder(t);
  const pictures = bandImages(22, 11, { channels: 3, height: 9, width: 13 });
  await writeFiles(folder, [
    ...classFolders(pictures, wordnet, 'train/'),
    ...classFolders(pictures, wordnet, 'val/'),
    ['train/n02102040/extra.JPEG', samplePictures.cmykJpeg],
  ]);
  const store = new MemoryStore();
  const options = { name: 'nette', subset: 'imagenette', size: 8 };
  const { manifest } = await importDataset(store, folder, options);
  assert.deepEqual(manifest.classNames.slice(0, 3), ['tench', 'English springer', 'cassette player']);
  assert.deepEqual([manifest.train.count, manifest.test.count, manifest.classes], [21, 20, 10]);
  assert.deepEqual(manifest.mean, [0.485, 0.456, 0.406]);
  assert.deepEqual(manifest.shape, shape);
  await assert.rejects(readDataset(folder, { subset: 'imagewoof', size: 8 }), {
    message: /expected the 10 class folders of imagewoof, found none of n02096294 \(Australian terrier\)/,
  });
  await assert.rejects(readDataset(folder, { subset: 'imagecat' }), {
    message: /There is no subset imagecat of ImageNet\. Known are imagenette, imagewoof/,
  });
  assert.equal((await readDataset(folder, { size: 8 })).classNames.length, 11);
});

const tiny = (annotations: string): [string, Uint8Array | string][] => [
  ...Array.from(train.labels, (label, index): [string, Uint8Array] => {
    const name = wordnet[label]!;
    return [`tiny/train/${name}/images/${name}_${String(index).padStart(2, '0')}.JPEG`, pngOf(train, index)];
  }),
  ...Array.from(held.labels, (_, index): [string, Uint8Array] => [
    `tiny/val/images/val_${index}.JPEG`,
    pngOf(held, index),
  ]),
  ['tiny/train/n01440764/n01440764_boxes.txt', 'x\t0\t0\t1\t1\n'],
  ['tiny/val/val_annotations.txt', annotations],
  ['tiny/words.txt', 'n01440764\ttench, Tinca tinca\nn02102040\tEnglish springer\n'],
];
const annotations = Array.from(
  held.labels,
  (label, i) => `val_${i}.JPEG\t${wordnet[label]!}\t0\t0\t62\t62\n`,
);

test('Tiny ImageNet: annotations label the test pictures', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFiles(folder, tiny(annotations.join('')));
  assert.deepEqual(await readDataset(folder), {
    format: 'tiny-imagenet',
    train: byClass(train),
    test: held,
    classNames: ['tench', 'English springer', 'n02979186'],
  });
  await writeFiles(folder, tiny(annotations.slice(1).join('')));
  await assert.rejects(readDataset(folder), {
    message:
      /val_0\.JPEG: expected a class of the training pictures in val\/val_annotations\.txt, found none/,
  });
});

const wrong: [string, (folder: string) => Promise<void>, RegExp][] = [
  [
    'a class has no test pictures',
    (folder) => rm(join(folder, 'val/cow'), { recursive: true }),
    /test split has no image of 1 of 3 classes \(cow\)/,
  ],
  [
    'a test class has no training pictures',
    (folder) => writeFiles(folder, [['val/dog/1.png', pngOf(held, 0)]]),
    /val\/dog\/1\.png: expected a class that has training pictures, found dog/,
  ],
  [
    'a picture does not decode',
    (folder) => writeFile(join(folder, 'train/bee/0004.png'), pngOf(train, 4).subarray(0, 90)),
    /train\/bee\/0004\.png: expected a whole picture/,
  ],
  [
    'a picture is none',
    (folder) => writeFile(join(folder, 'train/bee/0004.png'), 'text'),
    /train\/bee\/0004\.png: expected a PNG or JPEG picture, found a file that begins 74657874/,
  ],
  [
    'a picture is in no class',
    (folder) => writeFiles(folder, [['train/0.png', pngOf(train, 0)]]),
    /train\/0\.png: expected pictures in a folder for each class/,
  ],
];
for (const [what, harm, message] of wrong) {
  test(`class folders are refused: ${what}`, async (t) => {
    const folder = await temporaryFolder(t);
    await writeFiles(folder, divided);
    await harm(folder);
    await assert.rejects(readDataset(folder), { code: 'InvalidDataset', message });
  });
}

test('a size or a subset is refused where it means nothing', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFiles(folder, [
    ['train.bin', new Uint8Array(3074)],
    ['test.bin', new Uint8Array(3074)],
  ]);
  await assert.rejects(readDataset(folder, { size: 64 }), {
    message: /--size is for picture files.* cifar-100/,
  });
  await assert.rejects(readDataset(folder, { subset: 'imagenette' }), {
    message: /--subset is for folders of ImageNet/,
  });
  await assert.rejects(readDataset(folder, { format: 'idx' }), {
    message: /holds no data set of that format \(idx/,
  });
  await assert.rejects(readDataset(folder, { format: 'bmp' }), {
    message: /no format bmp\. Known are idx, cifar-10/,
  });
});
