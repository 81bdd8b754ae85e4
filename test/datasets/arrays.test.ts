import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { writeSafetensors, type NamedTensor } from '../../artifacts/safetensors.js';
import type { LabelledImages } from '../../datasets/dataset.js';
import { zipBytes, type Members } from '../support/archives.js';
import { temporaryFolder } from '../support/idx.js';
import { bandImages } from '../support/images.js';
import { readDataset } from '../support/memory-file.js';
import { npyBytes } from '../support/npy.js';

const grey = { channels: 1, height: 4, width: 5 };
const colour = { channels: 3, height: 4, width: 5 };

/** [n,c,h,w] to [n,h,w,c]. */
function channelsLast({ count, shape, images }: LabelledImages): Uint8Array {
  const { channels, height, width } = shape;
  const area = height * width;
  return Uint8Array.from({ length: images.length }, (_, at) => {
    const image = Math.floor(at / (area * channels));
    const pixel = Math.floor(at / channels) % area;
    return images[(image * channels + (at % channels)) * area + pixel] ?? count;
  });
}

async function fileOf(t: TestContext, name: string, bytes: Uint8Array): Promise<string> {
  const file = join(await temporaryFolder(t), name);
  await writeFile(file, bytes);
  return file;
}

const npz = (t: TestContext, members: Members, deflated = false): Promise<string> =>
  fileOf(t, 'data.npz', zipBytes(members, deflated));

const train = bandImages(12, 3, colour);
const held = bandImages(6, 3, colour, 2);
const classNames = ['0', '1', '2'];

for (const deflated of [false, true]) {
  test(`an NPZ as Keras names its arrays, ${deflated ? 'compressed' : 'stored'}`, async (t) => {
    const file = await npz(
      t,
      [
        ['x_train.npy', npyBytes('|u1', [12, 4, 5, 3], channelsLast(train))],
        ['y_train.npy', npyBytes('<i8', [12], BigInt64Array.from(train.labels, BigInt))],
        ['x_test.npy', npyBytes('|u1', [6, 4, 5, 3], channelsLast(held))],
        ['y_test.npy', npyBytes('<i8', [6], BigInt64Array.from(held.labels, BigInt))],
      ],
      deflated,
    );
    assert.deepEqual(await readDataset(file), { format: 'npz', train, test: held, classNames });
  });
}

test("MedMNIST's NPZ: labels in a column, a validation split that is left alone", async (t) => {
  const greyTrain = bandImages(12, 3, grey);
  const greyHeld = bandImages(6, 3, grey, 2);
  const file = await npz(
    t,
    [
      ['train_images.npy', npyBytes('|u1', [12, 4, 5], greyTrain.images)],
      ['train_labels.npy', npyBytes('|u1', [12, 1], Uint8Array.from(greyTrain.labels))],
      ['val_images.npy', npyBytes('|u1', [1, 4, 5], new Uint8Array(20))],
      ['val_labels.npy', npyBytes('|u1', [1, 1], new Uint8Array(1))],
      ['test_images.npy', npyBytes('|u1', [6, 4, 5], greyHeld.images)],
      ['test_labels.npy', npyBytes('|u1', [6, 1], Uint8Array.from(greyHeld.labels))],
    ],
    true,
  );
  assert.deepEqual(await readDataset(file), { format: 'npz', train: greyTrain, test: greyHeld, classNames });
});

test('floats from 0 to 1 and from 0 to 255 become the same bytes', async (t) => {
  for (const scale of [1, 255]) {
    const floats = (images: Uint8Array): Float32Array => Float32Array.from(images, (byte) => byte / scale);
    const file = await npz(t, [
      ['x_train.npy', npyBytes('<f4', [12, 3, 4, 5], floats(train.images))],
      ['y_train.npy', npyBytes('<i4', [12], train.labels)],
      ['x_test.npy', npyBytes('<f8', [6, 3, 4, 5], Float64Array.from(floats(held.images)))],
      ['y_test.npy', npyBytes('<i4', [6], held.labels)],
    ]);
    assert.deepEqual(await readDataset(file), { format: 'npz', train, test: held, classNames });
  }
});

test('half floats are read', async (t) => {
  // 0, 0.5, 1 and the smallest number above 0.
  const halves = Uint16Array.of(0x0000, 0x3800, 0x3c00, 0x0001);
  const file = await npz(t, [
    ['x_train.npy', npyBytes('<f2', [2, 1, 2], halves)],
    ['y_train.npy', npyBytes('|b1', [2], Uint8Array.of(0, 1))],
    ['x_test.npy', npyBytes('<f2', [2, 1, 2], halves)],
    ['y_test.npy', npyBytes('|b1', [2], Uint8Array.of(0, 1))],
  ]);
  assert.deepEqual([...(await readDataset(file)).train.images], [0, 128, 255, 0]);
});

function tensors(images: LabelledImages, prefix = ''): [string, NamedTensor][] {
  const { channels, height, width } = images.shape;
  const shape = [images.count, channels, height, width];
  return [
    [`${prefix}images`, { dtype: 'U8', shape, data: images.images }],
    [`${prefix}labels`, { dtype: 'I32', shape: [images.count], data: images.labels }],
  ];
}

test('safetensors: both splits in one file, or a file each', async (t) => {
  const expected = { format: 'safetensors', train, test: held, classNames };
  const both = writeSafetensors(new Map([...tensors(train, 'train_'), ...tensors(held, 'test_')]));
  assert.deepEqual(await readDataset(await fileOf(t, 'data.safetensors', both)), expected);
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'train.safetensors'), writeSafetensors(new Map(tensors(train))));
  await writeFile(join(folder, 'test.safetensors'), writeSafetensors(new Map(tensors(held))));
  assert.deepEqual(await readDataset(folder), expected);
  await assert.rejects(readDataset(await fileOf(t, 'x.safetensors', both.subarray(0, both.length - 1))), {
    code: 'InvalidDataset',
    message: /x\.safetensors: expected \d+ bytes, found \d+: the file is cut off/,
  });
  await assert.rejects(readDataset(await fileOf(t, 'y.safetensors', new Uint8Array(20))), {
    code: 'InvalidDataset',
    message: /y\.safetensors: Not a valid safetensors file/,
  });
});

test('without test images a share of every class is held out, the same for the same seed', async (t) => {
  const all = bandImages(60, 3, grey);
  const file = await npz(t, [
    ['images.npy', npyBytes('|u1', [60, 4, 5], all.images)],
    ['labels.npy', npyBytes('<i4', [60], all.labels)],
  ]);
  const once = await readDataset(file);
  assert.deepEqual([once.train.count, once.test.count], [54, 6]);
  assert.deepEqual([...once.test.labels].sort(), [0, 0, 1, 1, 2, 2]);
  assert.deepEqual(await readDataset(file), once);
  const picture = (of: LabelledImages, index: number): string =>
    of.images.subarray(index * 20, (index + 1) * 20).join();
  const pictures = (of: LabelledImages): string[] => Array.from(of.labels, (_, index) => picture(of, index));
  const found = [...pictures(once.train), ...pictures(once.test)].sort();
  assert.deepEqual(found, pictures(all).sort());
  // Each image keeps its own label.
  const labelOf = new Map(pictures(all).map((key, index) => [key, all.labels[index]]));
  pictures(once.test).forEach((key, index) => assert.equal(once.test.labels[index], labelOf.get(key)));
  const other = await readDataset(file, { seed: 2, testFraction: 0.5 });
  assert.deepEqual([other.train.count, other.test.count], [30, 30]);
  assert.notDeepEqual(pictures(other.test).slice(0, 3), pictures(once.test).slice(0, 3));
  await assert.rejects(readDataset(file, { testFraction: 0.99 }), {
    message: /Class 0 has 20 images, too few to hold 20 of them out/,
  });
});

const pixels = (change: (floats: Float32Array) => void): Uint8Array => {
  const floats = Float32Array.from(train.images, (byte) => byte / 255);
  change(floats);
  return npyBytes('<f4', [12, 3, 4, 5], floats);
};
const good: Members = [
  ['x_train.npy', npyBytes('|u1', [12, 3, 4, 5], train.images)],
  ['y_train.npy', npyBytes('<i4', [12], train.labels)],
  ['x_test.npy', npyBytes('|u1', [6, 3, 4, 5], held.images)],
  ['y_test.npy', npyBytes('<i4', [6], held.labels)],
];
const wrong: [string, string, Uint8Array, RegExp][] = [
  [
    'a pixel is NaN',
    'x_train.npy',
    pixels((x) => (x[130] = NaN)),
    /x_train\.npy: image 2: expected pixels from 0 to 1, found NaN\. Correct the image/,
  ],
  [
    'pixels are normalised',
    'x_train.npy',
    pixels((x) => (x[60] = -1.5)),
    /image 1: expected pixels from 0 to 1, found -1\.5/,
  ],
  [
    'a test label is higher than all others',
    'y_test.npy',
    npyBytes('<i4', [6], Int32Array.of(0, 1, 2, 9, 1, 2)),
    /train split has no image of 7 of 10 classes.*the highest label of the test images is 9 \(.*x_test\.npy: image 3\)/,
  ],
  [
    'a label is out of range',
    'y_test.npy',
    npyBytes('<i4', [6], Int32Array.of(0, 1, 2, -1, 1, 2)),
    /test image 3 has label -1, expected 0 to 2/,
  ],
  [
    'a class is absent',
    'y_test.npy',
    npyBytes('<i4', [6], Int32Array.of(0, 1, 0, 1, 0, 1)),
    /test split has no image of 1 of 3 classes \(2\)/,
  ],
  [
    'labels are no whole numbers',
    'y_train.npy',
    npyBytes('<f4', [12], new Float32Array(12).fill(0.5)),
    /expected whole numbers, found 0\.5 as label 0/,
  ],
  [
    'there are several labels',
    'y_train.npy',
    npyBytes('|u1', [12, 2], new Uint8Array(24)),
    /one label for each image, found the shape 12 x 2/,
  ],
  [
    'labels are missing',
    'y_train.npy',
    npyBytes('<i4', [11], train.labels.subarray(0, 11)),
    /expected 12 labels.*found 11/,
  ],
  [
    'images are flat',
    'x_train.npy',
    npyBytes('|u1', [12, 60], train.images),
    /expected images of the shape .*found 12 x 60/,
  ],
  [
    'splits differ',
    'x_test.npy',
    npyBytes('|u1', [6, 3, 5, 4], held.images),
    /training images are 3 x 4 x 5, test images 3 x 5 x 4/,
  ],
  [
    'an array is cut off',
    'x_train.npy',
    good[0]![1].subarray(0, 700),
    /expected 848 bytes for 12 x 3 x 4 x 5, found 700: the file is cut off/,
  ],
  [
    'the order is Fortran',
    'x_train.npy',
    npyBytes('|u1', [12, 3, 4, 5], train.images, true),
    /found Fortran order/,
  ],
  [
    'elements are objects',
    'x_train.npy',
    npyBytes('|O', [12, 3, 4, 5], train.images),
    /expected elements of one of the types .*found \|O/,
  ],
  [
    'it is no NumPy file',
    'x_train.npy',
    new TextEncoder().encode('<html>not found</html>'),
    /expected a NumPy file/,
  ],
];
for (const [what, name, bytes, message] of wrong) {
  test(`arrays are refused: ${what}`, async (t) => {
    const members = good.map(([member, content]) => [member, member === name ? bytes : content] as const);
    await assert.rejects(readDataset(await npz(t, members)), { code: 'InvalidDataset', message });
  });
}

test('arrays of other names are listed', async (t) => {
  const file = await npz(t, [['pictures.npy', good[0]![1]]]);
  await assert.rejects(readDataset(file), { message: /expected arrays x_train.* found pictures\. Rename/ });
});
