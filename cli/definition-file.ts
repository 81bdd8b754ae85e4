/**
 * @file A definition read from a file and compiled, as the pipeline will compile it.
 */
import { readFile } from 'node:fs/promises';

import { compile, type Compiled } from '../definition/index.js';
import { DistilleryError } from '../errors/errors.js';

export interface DefinitionFile extends Compiled {
  /** The file as it is: what is sent to Temporal. */
  readonly bytes: Uint8Array;
}

/** Reads the bytes. Throws `InvalidDefinition` when there is no such file. */
async function readDefinition(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const reason =
      code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : String(code);
    throw new DistilleryError('InvalidDefinition', `Cannot read ${file}: ${reason}.`, { cause });
  }
}

/** Reads and compiles. Throws `InvalidDefinition` with everything that is wrong. */
export async function loadDefinition(
  file: string,
  params: Readonly<Record<string, string>> = {},
): Promise<DefinitionFile> {
  const bytes = await readDefinition(file);
  return { bytes, ...compile(bytes, { params, name: file }) };
}
