/**
 * @file A definition read from a file and compiled, as the pipeline will compile it.
 */
import { readFile } from 'node:fs/promises';

import { compile, type Compiled, type ParameterValues } from '../definition/index.js';
import { unreadable } from './unreadable.js';

export interface DefinitionFile extends Compiled {
  /** The file as it is: what is sent to Temporal. */
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

/** Reads and compiles. Throws `InvalidDefinition` with everything that is wrong. */
export async function loadDefinition(file: string, params: ParameterValues = {}): Promise<DefinitionFile> {
  const bytes = await readDefinition(file);
  return { bytes, ...compile(bytes, { params, name: file }) };
}
