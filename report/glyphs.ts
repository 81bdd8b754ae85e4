/**
 * @file Capital letters, digits and a little punctuation, 5 x 7 pixels each, to label pictures with.
 */
import type { Raster } from './png.js';

const glyphWidth = 5;
export const glyphHeight = 7;
/** From one glyph's left edge to the next. */
const glyphAdvance = 6;

/** Seven rows of five bits, the leftmost pixel in the highest bit, in hexadecimal. */
const rows: Readonly<Record<string, string>> = {
  ' ': '00000000000000',
  A: '0e11111f111111',
  B: '1e11111e11111e',
  C: '0e11101010110e',
  D: '1e11111111111e',
  E: '1f10101e10101f',
  F: '1f10101e101010',
  G: '0e11101711110e',
  H: '1111111f111111',
  I: '0e04040404040e',
  J: '0702020202120c',
  K: '11121418141211',
  L: '1010101010101f',
  M: '111b1515111111',
  N: '11191915131311',
  O: '0e11111111110e',
  P: '1e11111e101010',
  Q: '0e11111115120d',
  R: '1e11111e141211',
  S: '0f10100e01011e',
  T: '1f040404040404',
  U: '1111111111110e',
  V: '11111111110a04',
  W: '1111111515150a',
  X: '11110a040a1111',
  Y: '11110a04040404',
  Z: '1f01020408101f',
  0: '0e11131519110e',
  1: '040c040404040e',
  2: '0e11010204081f',
  3: '1f02040201110e',
  4: '02060a121f0202',
  5: '1f101e0101110e',
  6: '0608101e11110e',
  7: '1f010204080808',
  8: '0e11110e11110e',
  9: '0e11110f01020c',
  '-': '0000000e000000',
  _: '0000000000001f',
  '.': '00000000000c0c',
  ',': '000000000c0408',
  ':': '000c0c000c0c00',
  "'": '0c040800000000',
  '/': '01010204081010',
  '(': '02040808080402',
  ')': '08040202020408',
  '+': '0004041f040400',
  '&': '0c12140815120d',
  '#': '0a0a1f0a1f0a0a',
  '%': '18190204081303',
  '?': '0e110102040004',
};

/** Draws a line of text; letters are capitals without accents, what has no glyph is a question mark. */
export function drawText(
  canvas: Raster,
  text: string,
  place: { readonly left: number; readonly top: number; readonly scale: number; readonly grey: number },
): void {
  const { left, top, scale, grey } = place;
  Array.from(drawable(text)).forEach((letter, index) => {
    const bits = rows[letter] ?? rows['?'] ?? '';
    for (let y = 0; y < glyphHeight * scale; y += 1) {
      const row = parseInt(bits.slice(2 * Math.floor(y / scale), 2 * Math.floor(y / scale) + 2), 16);
      for (let x = 0; x < glyphWidth * scale; x += 1) {
        const lit = (row >> (glyphWidth - 1 - Math.floor(x / scale))) & 1;
        const column = left + index * glyphAdvance * scale + x;
        if (lit === 0 || column >= canvas.width || top + y >= canvas.height) continue;
        const at = ((top + y) * canvas.width + column) * canvas.channels;
        canvas.pixels.fill(grey, at, at + canvas.channels);
      }
    }
  });
}

/** Pixels from the first column of the first glyph to the last of the last. */
export function textWidth(text: string, scale: number): number {
  const letters = Array.from(drawable(text)).length;
  return letters === 0 ? 0 : (letters * glyphAdvance - (glyphAdvance - glyphWidth)) * scale;
}

function drawable(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toUpperCase();
}
