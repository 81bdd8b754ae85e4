/**
 * @file 8-bit pictures in memory and as PNG.
 */
import { PNG } from 'pngjs';

/** Rows of pixels, top to bottom; 1 (grey) or 3 (red, green, blue) bytes a pixel. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array;
}

/** A raster of one grey value, to draw on. */
export function blankRaster(width: number, height: number, channels: 1 | 3, grey: number): Raster {
  return { width, height, channels, pixels: new Uint8Array(width * height * channels).fill(grey) };
}

/** Encodes without alpha and without metadata, so that equal pictures are equal bytes. */
export function encodePng(raster: Raster): Uint8Array {
  const colorType = raster.channels === 1 ? 0 : 2;
  const png = new PNG({
    width: raster.width,
    height: raster.height,
    colorType,
    inputColorType: colorType,
    inputHasAlpha: false,
  });
  png.data = Buffer.from(raster.pixels);
  return new Uint8Array(
    PNG.sync.write(png, { colorType, inputColorType: colorType, inputHasAlpha: false, bitDepth: 8 }),
  );
}

/** Every pixel becomes a square of `factor` pixels; never blurred. */
export function enlarge(raster: Raster, factor: number): Raster {
  if (factor === 1) return raster;
  const enlarged = blankRaster(raster.width * factor, raster.height * factor, raster.channels, 0);
  for (let y = 0; y < enlarged.height; y += 1) {
    for (let x = 0; x < enlarged.width; x += 1) {
      const from = (Math.floor(y / factor) * raster.width + Math.floor(x / factor)) * raster.channels;
      enlarged.pixels.set(
        raster.pixels.subarray(from, from + raster.channels),
        (y * enlarged.width + x) * raster.channels,
      );
    }
  }
  return enlarged;
}

/** Copies a picture onto another of as many channels, whole, with its corner at (left, top). */
export function paste(canvas: Raster, picture: Raster, left: number, top: number): void {
  const row = picture.width * picture.channels;
  for (let y = 0; y < picture.height; y += 1) {
    canvas.pixels.set(
      picture.pixels.subarray(y * row, (y + 1) * row),
      ((top + y) * canvas.width + left) * canvas.channels,
    );
  }
}

/** For an `img` element that asks no server. */
export function dataUri(png: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}
