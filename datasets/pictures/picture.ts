/**
 * @file Picture files: their size and kind by their beginning, their pixels by decoding.
 */
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { wrongFile } from '../wrong-file.js';

/** Pictures of more pixels are not decoded: a small file can claim any size. */
const mostPixels = 100_000_000;
const mostJpegMebibytes = 2048;

/** Rows of pixels, top to bottom, three bytes each; of grey pictures all three are the same. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly colour: boolean;
  readonly pixels: Uint8Array;
}

export interface PictureHeader {
  readonly kind: 'png' | 'jpeg';
  readonly width: number;
  readonly height: number;
  /** False for pictures that can only be grey. */
  readonly colour: boolean;
}

/** Whether a file of that name is taken for a picture. */
export function isPictureName(path: string): boolean {
  return /\.(png|jpe?g)$/i.test(path);
}

/**
 * @param content the whole file, or as much of it as holds the header.
 * @throws DistilleryError `InvalidDataset` when it is neither PNG nor JPEG, or absurdly large.
 */
export function readHeader(content: Uint8Array, file: string): PictureHeader {
  const header = pngHeader(content) ?? jpegHeader(content);
  if (header === undefined) {
    const start = Buffer.from(content.subarray(0, 4)).toString('hex');
    throw wrongFile(
      file,
      'a PNG or JPEG picture',
      start === '' ? 'an empty file' : `a file that begins ${start}`,
    );
  }
  const { width, height } = header;
  if (width < 1 || height < 1 || width * height > mostPixels) {
    throw wrongFile(file, `1 to ${mostPixels} pixels`, `${width} x ${height}`);
  }
  return header;
}

/**
 * Transparency is left out, as is any turning that a camera has noted.
 * @throws DistilleryError `InvalidDataset` when the picture is damaged or cut off.
 */
export function decodePicture(content: Uint8Array, file: string): Picture {
  const { kind, colour } = readHeader(content, file);
  try {
    const { width, height, pixels } = kind === 'png' ? decodePng(content) : decodeJpeg(content);
    return { width, height, colour, pixels };
  } catch (error) {
    const reason = error instanceof Error ? ` (${error.message})` : '';
    throw wrongFile(file, 'a whole picture', `a damaged one${reason}`, 'Replace or remove it.');
  }
}

function decodePng(content: Uint8Array): Omit<Picture, 'colour'> {
  const { width, height, data } = PNG.sync.read(Buffer.from(content));
  const pixels = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    pixels.set(data.subarray(pixel * 4, pixel * 4 + 3), pixel * 3);
  }
  return { width, height, pixels };
}

function decodeJpeg(content: Uint8Array): Omit<Picture, 'colour'> {
  const scan = jpegFrame(content)?.scan;
  // The decoder makes up what is missing.
  if (
    scan === undefined ||
    Buffer.from(content.buffer, content.byteOffset, content.length).lastIndexOf('ffd9', undefined, 'hex') <
      scan
  ) {
    throw new Error('no end of the picture: it is cut off');
  }
  const options = { useTArray: true, formatAsRGBA: false, maxResolutionInMP: mostPixels / 1e6 } as const;
  const { width, height, data } = jpeg.decode(content, { ...options, maxMemoryUsageInMB: mostJpegMebibytes });
  return { width, height, pixels: data };
}

function pngHeader(content: Uint8Array): PictureHeader | undefined {
  const magic = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  if (content.length < 26 || magic.some((byte, i) => content[i] !== byte)) return undefined;
  const view = viewOf(content);
  // 0 is grey, 4 grey with transparency.
  const colour = content[25] !== 0 && content[25] !== 4;
  return { kind: 'png', width: view.getUint32(16), height: view.getUint32(20), colour };
}

function jpegHeader(content: Uint8Array): PictureHeader | undefined {
  const frame = jpegFrame(content);
  if (frame === undefined) return undefined;
  const { width, height, components } = frame;
  return { kind: 'jpeg', width, height, colour: components !== 1 };
}

/** Size and number of components, and where the scan begins, if that far is given. */
function jpegFrame(
  content: Uint8Array,
): { width: number; height: number; components: number; scan?: number } | undefined {
  if (content[0] !== 0xff || content[1] !== 0xd8) return undefined;
  const view = viewOf(content);
  let frame: { width: number; height: number; components: number } | undefined;
  for (let at = 2; at + 10 <= content.length;) {
    if (content[at] !== 0xff || content[at + 1] === 0xff) {
      at += 1;
      continue;
    }
    const marker = content[at + 1] ?? 0;
    if (marker === 0xda) return frame === undefined ? undefined : { ...frame, scan: at };
    // Frames of all kinds: C0 to CF, without the tables C4, C8 and CC among them.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      const components = content[at + 9] ?? 0;
      frame = { height: view.getUint16(at + 5), width: view.getUint16(at + 7), components };
    }
    at += 2 + view.getUint16(at + 2);
  }
  return frame;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
