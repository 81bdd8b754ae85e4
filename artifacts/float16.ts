/**
 * @file IEEE half precision: 11 significant bits, from 6e-8 to 65,504. JavaScript has no such arrays, so values
 * are kept as their 16-bit words.
 */

/** Rounded to the nearest, ties to even; beyond 65,504 infinite. */
export function toHalf(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(words, halfOf);
}

export function fromHalf(words: Uint16Array): Float32Array {
  return Float32Array.from(words, (word) => {
    const exponent = (word >> 10) & 0x1f;
    const fraction = word & 0x3ff;
    const sign = word & 0x8000 ? -1 : 1;
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
  });
}

/** @param word a float32 as its 32 bits */
function halfOf(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const exponent = ((word >>> 23) & 0xff) - 127 + 15;
  const fraction = word & 0x7fffff;
  if (exponent === 0xff - 127 + 15) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  if (exponent >= 0x1f) return sign | 0x7c00;
  // Below 2^-14 the leading 1 is written out, and bits are lost at the end.
  const shift = exponent > 0 ? 13 : Math.min(14 - exponent, 31);
  const whole = exponent > 0 ? (exponent << 23) | fraction : 0x800000 | fraction;
  const kept = whole >>> shift;
  const lost = whole & (2 ** shift - 1);
  const half = 2 ** (shift - 1);
  // A carry into the exponent is as it should be, up to infinity.
  const up = lost > half || (lost === half && (kept & 1) === 1);
  return sign | (kept + (up ? 1 : 0));
}
