/**
 * @file Arrays in NumPy's file format.
 */

/** Version 1.0, as `np.save` writes it. @param descr NumPy's name of the type, such as `<f4`. */
export function npyBytes(
  descr: string,
  shape: readonly number[],
  elements: ArrayBufferView,
  fortran = false,
): Uint8Array {
  const order = fortran ? 'True' : 'False';
  const tuple = shape.length === 1 ? `${shape[0] ?? 0},` : shape.join(', ');
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${tuple}), }`;
  const padded = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const start = Buffer.from('\x93NUMPY\x01\x00\x00\x00', 'latin1');
  start.writeUInt16LE(padded.length, 8);
  const data = Buffer.from(elements.buffer, elements.byteOffset, elements.byteLength);
  return new Uint8Array(Buffer.concat([start, Buffer.from(padded), data]));
}
