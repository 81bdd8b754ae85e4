/**
 * @file The safetensors format: an 8-byte little-endian header length, a JSON header with type, shape and
 * place of every tensor, then the tensors' bytes. Reading is strict: tensors must cover the data exactly.
 */
import { endianness } from 'node:os';
import { DistilleryError } from '../errors/errors.js';

/** Array type by safetensors type name. F16 is kept as its raw 16-bit words. */
export interface ArrayOf {
  F64: Float64Array;
  F32: Float32Array;
  F16: Uint16Array;
  I64: BigInt64Array;
  I32: Int32Array;
  U8: Uint8Array;
}
export type Dtype = keyof ArrayOf;

/** A tensor of one known type; row-major, little-endian. */
export interface TensorOf<T extends Dtype> {
  readonly dtype: T;
  readonly shape: readonly number[];
  readonly data: ArrayOf[T];
}
export type NamedTensor = { [T in Dtype]: TensorOf<T> }[Dtype];

export interface Safetensors {
  /** In the order of their bytes in the file. */
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Where one tensor lies; offsets in bytes from the start of the file. */
export interface TensorPlace {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In file order. */
  readonly places: ReadonlyMap<string, TensorPlace>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Bytes before the first tensor. */
  readonly dataOffset: number;
  /** Size the whole file must have. */
  readonly fileBytes: number;
}

const itemBytes: Readonly<Record<Dtype, number>> = { F64: 8, F32: 4, F16: 2, I64: 8, I32: 4, U8: 1 };
/** The limit that other readers of the format apply. */
const maxHeaderBytes = 100_000_000;
const metadataName = '__metadata__';

/** The elements of a tensor shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * The file's bytes; the same input gives the same bytes.
 * @param tensors in file order: an epoch or a group given together lies together.
 * @param metadata strings; written in key order.
 * @throws RangeError when a shape does not fit its data (a mistake of the caller).
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, NamedTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  requireLittleEndian();
  const strings = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  // The header as text, not as an object: JavaScript would move keys that look like integers to the front.
  const entries: string[] = [];
  if (strings.length > 0) {
    const pairs = strings.map(([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(text)}`);
    entries.push(`"${metadataName}":{${pairs.join(',')}}`);
  }
  let size = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    if (name === metadataName || elementCount(shape) !== data.length) {
      throw new RangeError(
        `tensor ${name}: shape [${shape.join(', ')}] does not fit ${data.length} elements`,
      );
    }
    const place = { dtype, shape, data_offsets: [size, size + data.byteLength] };
    entries.push(`${JSON.stringify(name)}:${JSON.stringify(place)}`);
    size += data.byteLength;
  }
  const json = new TextEncoder().encode(`{${entries.join(',')}}`);
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + headerBytes + size);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(0x20, 8, 8 + headerBytes);
  file.set(json, 8);
  let offset = 8 + headerBytes;
  for (const { data } of tensors.values()) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return file;
}

/**
 * Reads a whole file. Tensors are views into `bytes` where alignment allows, copies otherwise.
 * @throws DistilleryError `Corrupt` for anything that is not exactly a file of this format.
 */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  requireLittleEndian();
  const header = readSafetensorsHeader(bytes);
  if (header.fileBytes !== bytes.length) {
    throw corrupt(`the file has ${bytes.length} bytes, its header says ${header.fileBytes}`);
  }
  const tensors = new Map<string, NamedTensor>();
  for (const [name, place] of header.places) tensors.set(name, viewTensor(bytes, place));
  return { tensors, metadata: header.metadata };
}

/** How many bytes from the start hold the whole header, from the first 8 bytes. For reading by range. */
export function safetensorsHeaderBytes(start: Uint8Array): number {
  if (start.length < 8) throw corrupt(`${start.length} bytes are too few for a header`);
  const length = new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true);
  if (length < 2n || length > BigInt(maxHeaderBytes)) {
    throw corrupt(`a header of ${length.toString()} bytes; allowed are 2 to ${maxHeaderBytes}`);
  }
  return 8 + Number(length);
}

/** Reads the header alone; `start` must hold at least `safetensorsHeaderBytes` bytes. */
export function readSafetensorsHeader(start: Uint8Array): SafetensorsHeader {
  const dataOffset = safetensorsHeaderBytes(start);
  if (start.length < dataOffset)
    throw corrupt(`the header is cut off after ${start.length} of ${dataOffset} bytes`);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(start.subarray(8, dataOffset)));
  } catch {
    throw corrupt('its header is not JSON');
  }
  if (!isRecord(header)) throw corrupt('its header is not a JSON object');
  const found: [string, TensorPlace][] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name !== metadataName) found.push([name, readPlace(name, entry, dataOffset)]);
  }
  found.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let next = dataOffset;
  for (const [name, place] of found) {
    if (place.begin !== next) {
      throw corrupt(`tensor ${name} starts at byte ${place.begin}, expected ${next} (a gap or an overlap)`);
    }
    next = place.end;
  }
  return {
    places: new Map(found),
    metadata: readMetadata(header[metadataName]),
    dataOffset,
    fileBytes: next,
  };
}

/**
 * The tensor of that name and type.
 * @throws DistilleryError `Corrupt` when it is missing or of another type.
 */
export function tensorOf<T extends Dtype>(file: Safetensors, name: string, dtype: T): TensorOf<T> {
  const tensor = file.tensors.get(name);
  if (tensor === undefined) throw corrupt(`it has no tensor ${name}`);
  if (!hasDtype(tensor, dtype)) throw corrupt(`tensor ${name} is ${tensor.dtype}, expected ${dtype}`);
  return tensor;
}

function hasDtype<T extends Dtype>(tensor: { dtype: Dtype }, dtype: T): tensor is TensorOf<T> {
  return tensor.dtype === dtype;
}

function readPlace(name: string, entry: unknown, dataOffset: number): TensorPlace {
  if (!isRecord(entry)) throw corrupt(`tensor ${name} has no description`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !isDtype(dtype)) {
    throw corrupt(
      `tensor ${name} has type ${JSON.stringify(dtype)}; known are ${Object.keys(itemBytes).join(', ')}`,
    );
  }
  if (!isCounts(shape)) throw corrupt(`tensor ${name} has no valid shape`);
  if (!isCounts(offsets) || offsets.length !== 2) throw corrupt(`tensor ${name} has no valid data_offsets`);
  const [begin = 0, end = 0] = offsets;
  const expected = elementCount(shape) * itemBytes[dtype];
  if (end - begin !== expected) {
    throw corrupt(`tensor ${name} takes ${end - begin} bytes, its type and shape need ${expected}`);
  }
  return { dtype, shape, begin: dataOffset + begin, end: dataOffset + end };
}

function readMetadata(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isRecord(value)) throw corrupt('its metadata is not an object');
  const entries = Object.entries(value).map(([key, text]): [string, string] => {
    if (typeof text !== 'string') throw corrupt(`metadata ${key} is not a string`);
    return [key, text];
  });
  return Object.fromEntries(entries);
}

function viewTensor(bytes: Uint8Array, { dtype, shape, begin, end }: TensorPlace): NamedTensor {
  const aligned = (bytes.byteOffset + begin) % itemBytes[dtype] === 0;
  const part = aligned ? bytes.subarray(begin, end) : Uint8Array.from(bytes.subarray(begin, end));
  const { buffer, byteOffset } = part;
  const length = (end - begin) / itemBytes[dtype];
  switch (dtype) {
    case 'F64':
      return { dtype, shape, data: new Float64Array(buffer, byteOffset, length) };
    case 'F32':
      return { dtype, shape, data: new Float32Array(buffer, byteOffset, length) };
    case 'F16':
      return { dtype, shape, data: new Uint16Array(buffer, byteOffset, length) };
    case 'I64':
      return { dtype, shape, data: new BigInt64Array(buffer, byteOffset, length) };
    case 'I32':
      return { dtype, shape, data: new Int32Array(buffer, byteOffset, length) };
    case 'U8':
      return { dtype, shape, data: new Uint8Array(buffer, byteOffset, length) };
  }
}

function isDtype(text: string): text is Dtype {
  return Object.hasOwn(itemBytes, text);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function corrupt(reason: string): DistilleryError {
  return new DistilleryError(
    'Corrupt',
    `Not a valid safetensors file: ${reason}. Fetch or compute it again.`,
  );
}

function requireLittleEndian(): void {
  if (endianness() !== 'LE') throw new Error('distillery needs a little-endian machine');
}
