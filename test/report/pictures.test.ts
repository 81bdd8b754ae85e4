/**
 * @file Pixels: from the numbers of a network to PNG and back.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { PNG } from 'pngjs';
import { drawText, textWidth } from '../../report/glyphs.js';
import { drawGrid } from '../../report/grid.js';
import { denormalise, displayRange, toRaster } from '../../report/pictures.js';
import { blankRaster, encodePng, enlarge, paste } from '../../report/png.js';

test('a grey PNG decodes to the pixels that went in', () => {
  const pixels = Uint8Array.of(0, 50, 100, 150, 200, 255);
  const decoded = PNG.sync.read(Buffer.from(encodePng({ width: 3, height: 2, channels: 1, pixels })));
  assert.deepEqual([decoded.width, decoded.height], [3, 2]);
  assert.deepEqual(
    Array.from({ length: 6 }, (_, at) => Array.from(decoded.data.subarray(4 * at, 4 * at + 4))),
    Array.from(pixels, (grey) => [grey, grey, grey, 255]),
  );
});

test('a colour PNG decodes to the pixels that went in', () => {
  const pixels = Uint8Array.of(255, 0, 0, 0, 255, 0, 1, 2, 3);
  const decoded = PNG.sync.read(Buffer.from(encodePng({ width: 3, height: 1, channels: 3, pixels })));
  assert.deepEqual(Array.from(decoded.data), [255, 0, 0, 255, 0, 255, 0, 255, 1, 2, 3, 255]);
});

test('equal pictures are equal bytes', () => {
  const raster = { width: 2, height: 1, channels: 1 as const, pixels: Uint8Array.of(1, 2) };
  assert.deepEqual(encodePng(raster), encodePng({ ...raster, pixels: raster.pixels.slice() }));
});

test('denormalising turns trained values back into pixels', () => {
  const shape = { channels: 3, height: 1, width: 2 };
  const [mean, std] = [
    [0.5, 0.4, 0.3],
    [0.2, 0.25, 0.5],
  ];
  const original = Float32Array.of(0, 1, 0.25, 0.5, 0.75, 1);
  const normalised = original.map((value, at) => (value - (mean[at >> 1] ?? 0)) / (std[at >> 1] ?? 1));
  const restored = denormalise(normalised, { shape, mean, std });
  restored.forEach((value, at) => assert.ok(Math.abs(value - (original[at] ?? 0)) < 1e-6));
  // Planes become interleaved pixels.
  const raster = toRaster(restored, shape, { low: 0, high: 1 });
  assert.deepEqual(Array.from(raster.pixels), [0, 64, 191, 255, 128, 255]);
});

test('what lies within the real range is shown as it is', () => {
  assert.deepEqual(displayRange(Float32Array.of(0.4, 0.5, 0.6)), { low: 0, high: 1 });
});

test('the shown range grows to the bulk of the values, not to outliers', () => {
  const image = Float32Array.from({ length: 1000 }, (_, at) => (at / 999) * 3 - 1);
  image[0] = -100;
  image[999] = 100;
  image[500] = NaN;
  const { low, high } = displayRange(image);
  assert.ok(Math.abs(low + 0.97) < 0.02, String(low));
  assert.ok(Math.abs(high - 1.97) < 0.02, String(high));
  const { pixels } = toRaster(image, { channels: 1, height: 1, width: 1000 }, { low, high });
  assert.deepEqual([pixels[0], pixels[500], pixels[999]], [0, 0, 255]);
});

test('enlarging repeats pixels and pasting puts them in place', () => {
  const picture = enlarge({ width: 2, height: 1, channels: 1, pixels: Uint8Array.of(7, 9) }, 2);
  const canvas = blankRaster(5, 3, 1, 0);
  paste(canvas, picture, 1, 1);
  assert.deepEqual(Array.from(canvas.pixels), [0, 0, 0, 0, 0, 0, 7, 7, 9, 9, 0, 7, 7, 9, 9]);
});

test('letters are drawn where they are asked for', () => {
  const canvas = blankRaster(textWidth('l', 1) + 2, 9, 1, 255);
  drawText(canvas, 'l', { left: 1, top: 1, scale: 1, grey: 0 });
  const rows = Array.from({ length: 9 }, (_, y) =>
    Array.from(canvas.pixels.subarray(7 * y, 7 * y + 7), (grey) => (grey === 0 ? '#' : '.')).join(''),
  );
  assert.deepEqual(rows, ['.......', ...Array<string>(6).fill('.#.....'), '.#####.', '.......']);
});

test('accents are left out and unknown letters become question marks, within the canvas', () => {
  const draw = (text: string): string => {
    const canvas = blankRaster(20, 8, 1, 255);
    drawText(canvas, text, { left: 0, top: 0, scale: 1, grey: 0 });
    return Buffer.from(canvas.pixels).toString('hex');
  };
  assert.equal(draw('\u00e9\u00c4'), draw('ea'));
  assert.equal(draw('\u4e2d'), draw('?'));
  assert.notEqual(draw('wider than the canvas'), draw(''));
});

test('the grid shows every picture of every class, enlarged, on white', () => {
  const picture = (grey: number) => blankRaster(28, 28, 1, grey);
  const grid = drawGrid([
    { label: 'one', pictures: [picture(10), picture(20)] },
    { label: 'two', pictures: [picture(30), picture(41)] },
  ]);
  const area = (grey: number): number => grid.pixels.reduce((sum, pixel) => sum + Number(pixel === grey), 0);
  for (const grey of [10, 20, 30, 41]) assert.equal(area(grey), 84 * 84, `grey ${grey}`);
  assert.equal(grid.pixels[0], 255);
  assert.ok(area(40) > 100, 'labels are drawn');
  assert.equal(grid.pixels.length, grid.width * grid.height);
});

test('large sets are not enlarged, and no pictures are no error', () => {
  const pictures = Array.from({ length: 600 }, () => blankRaster(8, 8, 3, 0));
  const grid = drawGrid([
    { label: 'a', pictures },
    { label: 'b', pictures },
  ]);
  assert.equal(grid.channels, 3);
  assert.ok(grid.width < 1100, String(grid.width));
  assert.ok(drawGrid([]).width > 0);
});
