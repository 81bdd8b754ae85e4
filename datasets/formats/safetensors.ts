/**
 * @file Safetensors: one file with the arrays of both splits, or train.safetensors and test.safetensors with
 * `images` and `labels` each.
 */
import {
  readSafetensorsHeader,
  safetensorsHeaderBytes,
  type Dtype,
  type SafetensorsHeader,
} from '../../artifacts/safetensors.js';
import { DistilleryError } from '../../errors/errors.js';
import { baseName, type DataFile } from '../files/tree.js';
import type { DatasetFormat } from '../format.js';
import { arrayNames, openArrays } from '../named-arrays.js';
import type { ElementType, StoredArray } from '../stored-array.js';
import { wrongFile } from '../wrong-file.js';

const types: Readonly<Record<Dtype, ElementType>> = {
  F64: 'f64',
  F32: 'f32',
  F16: 'f16',
  I64: 'i64',
  I32: 'i32',
  U8: 'u8',
};

export const safetensorsFormat: DatasetFormat = {
  name: 'safetensors',
  looksFor: `one .safetensors with the ${arrayNames}, or train.safetensors and test.safetensors`,
  pictures: false,
  subsets: false,
  detect: ({ files }) => files.some(({ path }) => path.endsWith('.safetensors')),
  async open(tree) {
    const files = tree.files.filter(({ path }) => path.endsWith('.safetensors'));
    const arrays = new Map<string, StoredArray>();
    for (const file of files) {
      const prefix = files.length === 1 ? '' : `${baseName(file.path).replace(/\.safetensors$/, '')}_`;
      for (const [name, { dtype, shape, begin }] of (await readHeader(file)).places) {
        const label = `${file.label}: ${name}`;
        arrays.set(prefix + name, { label, file, offset: begin, type: types[dtype], shape });
      }
    }
    return openArrays(arrays, tree.label);
  },
};

async function readHeader(file: DataFile): Promise<SafetensorsHeader> {
  let header: SafetensorsHeader;
  try {
    const bytes = safetensorsHeaderBytes(await file.read(0, Math.min(8, file.bytes)));
    header = readSafetensorsHeader(await file.read(0, Math.min(bytes, file.bytes)));
  } catch (error) {
    if (!(error instanceof DistilleryError)) throw error;
    throw new DistilleryError('InvalidDataset', `${file.label}: ${error.message}`);
  }
  if (header.fileBytes !== file.bytes) {
    const verdict =
      file.bytes < header.fileBytes ? 'the file is cut off' : 'there are bytes after the last tensor';
    throw wrongFile(file.label, `${header.fileBytes} bytes`, `${file.bytes}: ${verdict}`);
  }
  return header;
}
