/**
 * @file NumPy's files: a magic string, a version, the length of a header, the header (a Python dictionary with
 * type, order and shape), then the elements.
 */
import type { DataFile } from '../files/tree.js';
import { elementBytes, type ElementType, type StoredArray } from '../stored-array.js';
import { wrongFile } from '../wrong-file.js';

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** NumPy itself reads no longer ones unasked. */
const mostHeaderBytes = 10_000;

const types: ReadonlyMap<string, ElementType> = new Map([
  ['|b1', 'u8'],
  ['|u1', 'u8'],
  ['|i1', 'i8'],
  ['<u2', 'u16'],
  ['<i2', 'i16'],
  ['<f2', 'f16'],
  ['<u4', 'u32'],
  ['<i4', 'i32'],
  ['<f4', 'f32'],
  ['<u8', 'u64'],
  ['<i8', 'i64'],
  ['<f8', 'f64'],
]);

/** @throws DistilleryError `InvalidDataset` when it is no such file, cut off, or of a type that is no number. */
export async function readNpy(file: DataFile): Promise<StoredArray> {
  const { label } = file;
  const start = await file.read(0, Math.min(12, file.bytes));
  if (start.length < 12 || magic.some((byte, i) => start[i] !== byte)) {
    throw wrongFile(label, 'a NumPy file', 'another beginning');
  }
  const view = new DataView(start.buffer, start.byteOffset, start.length);
  const [begin, length] = start[6] === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  const offset = begin + length;
  if (length > mostHeaderBytes || offset > file.bytes) {
    throw wrongFile(label, `a header of at most ${mostHeaderBytes} bytes`, `one of ${length}`);
  }
  const header = new TextDecoder().decode(await file.read(begin, offset));
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const type = types.get(descr ?? '');
  if (type === undefined) {
    const expected = `elements of one of the types ${[...types.keys()].join(' ')}`;
    throw wrongFile(label, expected, descr ?? 'others', 'Convert the array with astype.');
  }
  const shapeText = /'shape':\s*\(([\d\s,]*)\)/.exec(header)?.[1];
  if (shapeText === undefined) throw wrongFile(label, 'a shape in its header', header.trim());
  const shape = shapeText.split(',').filter((size) => size.trim() !== '');
  const sizes = shape.map(Number);
  if (/'fortran_order':\s*True/.test(header) && sizes.length > 1) {
    throw wrongFile(label, 'an array in C order', 'Fortran order', 'Save it with np.ascontiguousarray.');
  }
  const expected = offset + sizes.reduce((product, size) => product * size, elementBytes[type]);
  if (file.bytes !== expected) {
    const verdict = file.bytes < expected ? 'the file is cut off' : 'there are bytes after the last element';
    throw wrongFile(label, `${expected} bytes for ${sizes.join(' x ')}`, `${file.bytes}: ${verdict}`);
  }
  return { label, file, offset, type, shape: sizes };
}
