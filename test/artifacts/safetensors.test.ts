import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import {
  readSafetensors,
  readSafetensorsHeader,
  safetensorsHeaderBytes,
  tensorOf,
  writeSafetensors,
  type NamedTensor,
} from '../../artifacts/safetensors.js';
import { pythonWith, runPython } from '../support/python.js';

const every = new Map<string, NamedTensor>([
  ['b', { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 255) }],
  ['weights', { dtype: 'F32', shape: [2, 2], data: Float32Array.of(1.5, -2, 0.1, 1e-30) }],
  ['7', { dtype: 'I32', shape: [2], data: Int32Array.of(-1, 2 ** 31 - 1) }],
  ['labels', { dtype: 'I64', shape: [2], data: BigInt64Array.of(-5n, 2n ** 40n) }],
  ['half', { dtype: 'F16', shape: [1], data: Uint16Array.of(0x3c00) }],
  ['exact', { dtype: 'F64', shape: [], data: Float64Array.of(Math.PI) }],
  ['none', { dtype: 'F32', shape: [0, 4], data: new Float32Array() }],
]);
const metadata = { mean: '0.5', classes: '["é","b"]' };

/** A file with any header, valid or not. */
function fileOf(header: unknown, dataBytes: number, length?: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(length ?? json.length), true);
  file.set(json, 8);
  return file;
}

test('what was written is read back, in file order, also from an odd address', () => {
  const bytes = writeSafetensors(every, metadata);
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  for (const source of [bytes, shifted.subarray(1)]) {
    const file = readSafetensors(source);
    assert.deepEqual([...file.tensors.keys()].sort(), [...every.keys()].sort());
    for (const [name, tensor] of every) assert.deepEqual(file.tensors.get(name), tensor, name);
    assert.deepEqual(file.metadata, metadata);
  }
});

test('the bytes depend on nothing but the tensors and the metadata', () => {
  const { mean, classes } = metadata;
  const first = writeSafetensors(every, { mean, classes });
  assert.deepEqual(first, writeSafetensors(new Map(every), { classes, mean }));
  assert.equal(safetensorsHeaderBytes(first) % 8, 0);
});

test('the header alone says where each tensor lies', () => {
  const bytes = writeSafetensors(every, metadata);
  const header = readSafetensorsHeader(bytes.subarray(0, safetensorsHeaderBytes(bytes)));
  assert.equal(header.fileBytes, bytes.length);
  const { begin, end } = header.places.get('weights')!;
  assert.equal(end - begin, 16);
  assert.deepEqual(new Float32Array(bytes.slice(begin, end).buffer), every.get('weights')!.data);
});

test('a tensor is handed out only as the type it has', () => {
  const file = readSafetensors(writeSafetensors(every));
  assert.deepEqual(tensorOf(file, 'exact', 'F64').data, Float64Array.of(Math.PI));
  assert.throws(() => tensorOf(file, 'exact', 'F32'), {
    code: 'Corrupt',
    message: /exact is F64, expected F32/,
  });
  assert.throws(() => tensorOf(file, 'missing', 'F32'), { code: 'Corrupt', message: /no tensor missing/ });
});

test('a shape that does not fit its data is the caller’s mistake', () => {
  const wrong = new Map<string, NamedTensor>([
    ['x', { dtype: 'F32', shape: [2], data: new Float32Array(3) }],
  ]);
  assert.throws(() => writeSafetensors(wrong), RangeError);
});

const f32 = (begin: number, end: number, shape = [1]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});
const damaged: [string, Uint8Array, RegExp][] = [
  ['too short', new Uint8Array(5), /5 bytes are too few/],
  ['a header longer than the file', fileOf({}, 0, 4000), /cut off/],
  ['an absurd header', fileOf({}, 0, 2 ** 40), /header of 1099511627776 bytes/],
  ['not JSON', fileOf('{"a":', 0), /not JSON/],
  ['not UTF-8', fileOf('{}', 0).fill(0xff, 8), /not JSON/],
  ['a list', fileOf('[1]', 0), /not a JSON object/],
  ['a gap', fileOf({ a: f32(4, 8) }, 8), /gap or an overlap/],
  ['an overlap', fileOf({ a: f32(0, 4), b: f32(0, 4) }, 8), /gap or an overlap/],
  [
    'a tensor given twice',
    fileOf(`{"a":${JSON.stringify(f32(0, 4))},"a":${JSON.stringify(f32(4, 8))}}`, 8),
    /gap/,
  ],
  ['beyond the end', fileOf({ a: f32(0, 8, [2]) }, 4), /its header says/],
  ['bytes left over', fileOf({ a: f32(0, 4) }, 5), /its header says/],
  ['offsets against the shape', fileOf({ a: f32(0, 4, [2]) }, 4), /takes 4 bytes, its type and shape need 8/],
  ['negative offsets', fileOf({ a: f32(-4, 0) }, 4), /no valid data_offsets/],
  ['a negative shape', fileOf({ a: f32(0, 4, [-1]) }, 4), /no valid shape/],
  ['a huge shape', fileOf({ a: f32(0, 4, [2 ** 52, 2 ** 52]) }, 4), /its type and shape need/],
  ['an unknown type', fileOf({ a: { dtype: 'Q4', shape: [1], data_offsets: [0, 1] } }, 1), /type "Q4"/],
  ['metadata that is not text', fileOf({ __metadata__: { a: 1 } }, 0), /metadata a is not a string/],
];
for (const [what, bytes, message] of damaged) {
  test(`a damaged file is refused: ${what}`, () => {
    assert.throws(() => readSafetensors(bytes), { code: 'Corrupt', message });
  });
}

test('Python reads what we write and we read what Python writes', async (t) => {
  const python = await pythonWith(['safetensors>=0.4', 'numpy>=1.26']);
  if (python === undefined) {
    t.diagnostic('not compared: this machine has no python3 with venv and pip');
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'safetensors-'));
  t.after(() => rm(folder, { recursive: true }));
  const ours = join(folder, 'ours.safetensors');
  const theirs = join(folder, 'theirs.safetensors');
  await writeFile(ours, writeSafetensors(every, metadata));
  const program = `
import json, sys
from safetensors import safe_open
from safetensors.numpy import save_file
seen = {}
with safe_open(sys.argv[1], 'numpy') as f:
    tensors = {name: f.get_tensor(name) for name in f.keys()}
    meta = f.metadata()
save_file(tensors, sys.argv[2], meta)
print(json.dumps({'meta': meta, 'tensors': {n: [str(a.dtype), list(a.shape), a.flatten().tolist()] for n, a in tensors.items()}}))
`;
  const seen = JSON.parse(await runPython(python, program, ours, theirs)) as {
    meta: unknown;
    tensors: Record<string, unknown>;
  };
  assert.deepEqual(seen.meta, metadata);
  assert.deepEqual(seen.tensors, {
    b: ['uint8', [3], [1, 2, 255]],
    weights: ['float32', [2, 2], [1.5, -2, Math.fround(0.1), Math.fround(1e-30)]],
    '7': ['int32', [2], [-1, 2 ** 31 - 1]],
    labels: ['int64', [2], [-5, 2 ** 40]],
    half: ['float16', [1], [1]],
    exact: ['float64', [], [Math.PI]],
    none: ['float32', [0, 4], []],
  });
  const back = readSafetensors(new Uint8Array(await readFile(theirs)));
  for (const [name, tensor] of every) assert.deepEqual(back.tensors.get(name), tensor, name);
  assert.deepEqual(back.metadata, metadata);
});
