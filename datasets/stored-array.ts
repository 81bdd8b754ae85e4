/**
 * @file An array of numbers that lies in a file, row-major and little-endian, read by rows.
 */
import type { DataFile } from './files/tree.js';
import { wrongFile } from './wrong-file.js';

/** Bytes of one element, by its type. */
export const elementBytes = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  f16: 2,
  u32: 4,
  i32: 4,
  f32: 4,
  u64: 8,
  i64: 8,
  f64: 8,
} as const;
export type ElementType = keyof typeof elementBytes;

export interface StoredArray {
  /** As messages name it. */
  readonly label: string;
  readonly file: DataFile;
  /** Of the first element, in bytes. */
  readonly offset: number;
  readonly type: ElementType;
  readonly shape: readonly number[];
}

/** Elements of one row: one entry of the first dimension. */
export function rowLength({ shape }: StoredArray): number {
  return shape.slice(1).reduce((product, size) => product * size, 1);
}

/** Whether the elements are whole numbers. */
export function isInteger({ type }: StoredArray): boolean {
  return !type.startsWith('f');
}

/** The elements of rows `from` up to `to`. Of 64-bit integers those beyond 2^53 are rounded. */
export async function readRows(array: StoredArray, from: number, to: number): Promise<ArrayLike<number>> {
  const { file, offset, type } = array;
  const rowBytes = rowLength(array) * elementBytes[type];
  const bytes = await file.read(offset + from * rowBytes, offset + to * rowBytes);
  if (type === 'u8') return bytes;
  // A copy begins where every type may begin.
  return numbersOf(bytes.slice().buffer, type);
}

function numbersOf(buffer: ArrayBuffer, type: Exclude<ElementType, 'u8'>): ArrayLike<number> {
  switch (type) {
    case 'i8':
      return new Int8Array(buffer);
    case 'u16':
      return new Uint16Array(buffer);
    case 'i16':
      return new Int16Array(buffer);
    case 'u32':
      return new Uint32Array(buffer);
    case 'i32':
      return new Int32Array(buffer);
    case 'f32':
      return new Float32Array(buffer);
    case 'f64':
      return new Float64Array(buffer);
    case 'f16':
      return Float32Array.from(new Uint16Array(buffer), halfToNumber);
    case 'u64':
      return Float64Array.from(new BigUint64Array(buffer), Number);
    case 'i64':
      return Float64Array.from(new BigInt64Array(buffer), Number);
  }
}

function halfToNumber(word: number): number {
  const sign = (word & 0x8000) === 0 ? 1 : -1;
  const exponent = (word >> 10) & 0x1f;
  const fraction = word & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * Labels, [n] or [n,1].
 * @throws DistilleryError `InvalidDataset` when they are several to an image, or not whole numbers of 32 bits.
 */
export async function readLabels(array: StoredArray): Promise<Int32Array> {
  const count = array.shape[0] ?? 0;
  if (array.shape.length === 0 || rowLength(array) !== 1) {
    const advice = 'Data sets with several labels to an image cannot be distilled; choose one of the labels.';
    throw wrongFile(array.label, 'one label for each image', `the shape ${array.shape.join(' x ')}`, advice);
  }
  const numbers = await readRows(array, 0, count);
  return Int32Array.from(numbers, (label, index) => {
    if (Number.isInteger(label) && Math.abs(label) < 2 ** 31) return label;
    throw wrongFile(array.label, 'whole numbers', `${label} as label ${index}`, 'Correct the labels.');
  });
}
