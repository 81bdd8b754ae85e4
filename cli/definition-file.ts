/**
 * @file A definition read from a file and compiled, as the pipeline will compile it.
 */
import { readFile } from 'node:fs/promises';

import {
  compile,
  type Compiled,
  flatten,
  type KnownDataset,
  type ParameterValues,
  type StageSignature,
} from '../definition/index.js';
import { fragmentReader } from './fragments.js';
import { unreadable } from './unreadable.js';

export interface DefinitionFile extends Compiled {
  /** What is sent to Temporal: the file as it is, or with what it includes. */
  readonly bytes: Uint8Array;
}

/** Reads the bytes. Throws `InvalidDefinition` when there is no such file. */
async function readDefinition(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** Reads and compiles, with the data set as it is in a store where that is given. Throws `InvalidDefinition` with everything that is wrong. */
export async function loadDefinition(
  file: string,
  params: ParameterValues = {},
  stages: Iterable<StageSignature> = [],
  dataset?: KnownDataset,
): Promise<DefinitionFile> {
  const bytes = await readDefinition(file);
  const options = { name: file, readFragment: fragmentReader(file) };
  const compiled = compile(bytes, { params, stages, ...options, ...(dataset && { dataset }) });
  if (compiled.included.length === 0) return { bytes, ...compiled };
  return { bytes: new TextEncoder().encode(flatten(bytes, options)), ...compiled };
}

/** The definition with what it includes, as one text. Throws `InvalidDefinition` where its form is wrong. */
export async function flattenDefinition(file: string): Promise<string> {
  return flatten(await readDefinition(file), { name: file, readFragment: fragmentReader(file) });
}
