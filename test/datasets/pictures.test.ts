import assert from 'node:assert/strict';
import test from 'node:test';
import { decodePicture, readHeader, type Picture } from '../../datasets/pictures/picture.js';
import { resizeAndCrop } from '../../datasets/pictures/resize.js';
import { samplePictures } from '../support/pictures.js';

/** A pattern that has no symmetry. */
function pattern(height: number, width: number): Picture {
  const pixels = Uint8Array.from({ length: height * width * 3 }, (_, at) => {
    const x = Math.floor(at / 3) % width;
    const y = Math.floor(at / 3 / width);
    return [x * 37 + y * 11, x * 5 + y * 71, x * y * 13][at % 3]! % 256;
  });
  return { width, height, colour: true, pixels };
}

// Computed with Pillow: Resize(side) with the bilinear filter, then CenterCrop(side), as torchvision does it.
const resized: [number, number, number, number[]][] = [
  [
    5,
    9,
    3,
    [
      84, 41, 12, 153, 50, 22, 174, 59, 33, 101, 153, 55, 170, 162, 104, 191, 171, 142, 118, 118, 99, 187,
      127, 151, 135, 136, 106,
    ],
  ],
  [
    5,
    9,
    4,
    [
      101, 31, 9, 151, 38, 13, 201, 45, 18, 106, 51, 21, 114, 114, 49, 164, 121, 74, 214, 128, 99, 119, 134,
      120, 126, 196, 89, 176, 203, 134, 226, 210, 180, 131, 216, 139, 139, 87, 129, 189, 94, 166, 170, 101,
      70, 57, 107, 92,
    ],
  ],
  [
    5,
    9,
    8,
    [
      65, 9, 0, 89, 12, 0, 112, 15, 0, 136, 18, 0, 160, 22, 0, 184, 25, 0, 207, 28, 0, 167, 31, 0, 70, 40, 10,
      94, 43, 14, 117, 46, 17, 141, 49, 21, 165, 53, 25, 189, 56, 28, 212, 59, 32, 172, 62, 35, 77, 84, 24,
      101, 87, 33, 124, 90, 42, 148, 93, 51, 172, 97, 60, 196, 100, 69, 219, 103, 78, 179, 106, 86, 84, 129,
      39, 108, 132, 52, 131, 135, 67, 155, 138, 81, 179, 142, 95, 203, 145, 109, 226, 148, 123, 186, 151, 137,
      90, 173, 53, 114, 176, 72, 137, 179, 91, 161, 182, 111, 185, 186, 130, 209, 189, 149, 232, 192, 169,
      192, 195, 168, 97, 218, 67, 121, 221, 91, 144, 224, 116, 168, 227, 140, 192, 231, 165, 216, 234, 190,
      239, 237, 214, 199, 240, 179, 104, 118, 81, 128, 121, 110, 151, 124, 141, 175, 127, 170, 199, 131, 154,
      223, 134, 91, 159, 137, 116, 98, 140, 118, 109, 37, 91, 133, 40, 124, 156, 43, 158, 180, 46, 191, 204,
      50, 142, 228, 53, 11, 96, 56, 36, 19, 59, 69,
    ],
  ],
  [
    9,
    4,
    3,
    [
      46, 144, 13, 91, 151, 63, 135, 157, 113, 64, 84, 19, 109, 91, 93, 153, 97, 167, 79, 187, 24, 124, 194,
      122, 168, 139, 158,
    ],
  ],
];
for (const [height, width, side, expected] of resized) {
  test(`${height} x ${width} resized and cropped to ${side} is what Pillow makes of it`, () => {
    const { pixels, ...size } = resizeAndCrop(pattern(height, width), side);
    assert.deepEqual(size, { width: side, height: side, colour: true });
    const off = expected.filter((value, at) => value !== pixels[at]);
    // Of so small a pattern many values lie on the border between two bytes.
    assert.ok(off.length <= 4, `${off.length} of ${expected.length} values differ`);
    expected.forEach((value, at) => assert.ok(Math.abs(value - pixels[at]!) <= 1, `value ${at}`));
  });
}

test('a square of the right size stays as it is', () => {
  assert.deepEqual(resizeAndCrop(pattern(6, 6), 6), pattern(6, 6));
});

const coloured = Uint8Array.from({ length: 192 }, (_, at) => {
  const pixel = Math.floor(at / 3);
  return [(pixel % 8) * 30, Math.floor(pixel / 8) * 30, 128][at % 3]!;
});
const grey = coloured.map((_, at) => coloured[at - (at % 3)]!);
const kinds: [keyof typeof samplePictures, boolean, number][] = [
  ['progressiveJpeg', true, 6],
  ['greyJpeg', false, 6],
  ['cmykJpeg', true, 12],
  ['greyPng16', false, 0],
  ['transparentPng', true, 0],
];
for (const [name, colour, tolerance] of kinds) {
  test(`${name} is decoded`, () => {
    const picture = decodePicture(samplePictures[name], name);
    assert.deepEqual([picture.width, picture.height, picture.colour], [8, 8, colour]);
    const expected = colour ? coloured : grey;
    expected.forEach((value, at) =>
      assert.ok(
        Math.abs(value - picture.pixels[at]!) <= tolerance,
        `value ${at}: ${value} ${picture.pixels[at]}`,
      ),
    );
  });
}

const { progressiveJpeg, greyPng16 } = samplePictures;
const huge = greyPng16.slice();
new DataView(huge.buffer).setUint32(16, 200_000);
const broken: [string, Uint8Array, RegExp][] = [
  ['empty', new Uint8Array(), /a\/b\.jpg: expected a PNG or JPEG picture, found an empty file/],
  ['a web page', new TextEncoder().encode('<html>404</html>'), /found a file that begins 3c68746d/],
  [
    'a JPEG cut off',
    progressiveJpeg.subarray(0, progressiveJpeg.length - 40),
    /a whole picture, found .*cut off/,
  ],
  ['a JPEG without its scan', progressiveJpeg.subarray(0, 180), /a\/b\.jpg: expected a .*picture/],
  [
    'a PNG cut off',
    greyPng16.subarray(0, 55),
    /a\/b\.jpg: expected a whole picture, found a damaged one \(.*\)\. Replace/,
  ],
  [
    'a PNG damaged',
    greyPng16.map((byte, at) => (at === 45 ? byte ^ 0xff : byte)),
    /expected a whole picture/,
  ],
];
for (const [what, bytes, message] of broken) {
  test(`a picture is refused: ${what}`, () => {
    assert.throws(() => decodePicture(bytes, 'a/b.jpg'), { code: 'InvalidDataset', message });
  });
}

test('an absurd size is refused before anything is decoded', () => {
  new DataView(huge.buffer).setUint32(20, 200_000);
  assert.throws(() => readHeader(huge, 'x'), {
    message: /expected 1 to 100000000 pixels, found 200000 x 200000/,
  });
});
