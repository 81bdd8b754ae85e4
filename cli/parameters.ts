/**
 * @file Parameters on the command line: `--param name=value` and `--param-file FILE`.
 */
import { readFile } from 'node:fs/promises';
import { InvalidArgumentError, Option } from 'commander';

import type { ParameterValues } from '../definition/index.js';
import { DistilleryError } from '../errors/errors.js';
import { unreadable } from './unreadable.js';

export interface ParameterOptions {
  readonly param: Readonly<Record<string, string>>;
  readonly paramFile?: string;
}

/** Adds one `name=value`. Values stay texts: the definition's declaration says what they are. */
export function collectParameter(text: string, before: ParameterOptions['param']): ParameterOptions['param'] {
  const equals = text.indexOf('=');
  const name = text.slice(0, equals).trim();
  if (equals < 1 || name === '')
    throw new InvalidArgumentError('Write it as name=value, for example ipc=10.');
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`"${name}" is given twice.`);
  return { ...before, [name]: text.slice(equals + 1) };
}

export function parameterOption(meaning = 'set a parameter of the definition (repeatable)'): Option {
  return new Option('-p, --param <name=value>', meaning)
    .default({}, 'the defaults of the definition')
    .argParser(collectParameter);
}

export function parameterFileOption(): Option {
  return new Option('--param-file <file>', 'YAML or JSON with parameters; --param wins over it');
}

/** Throws `InvalidDefinition` when the file cannot be read or is no mapping of values. */
export async function givenParameters({ param, paramFile }: ParameterOptions): Promise<ParameterValues> {
  if (paramFile === undefined) return param;
  const { parseParameterFile } = await import('../definition/index.js');
  return { ...parseParameterFile(await readText(paramFile), paramFile), ...param };
}

async function readText(file: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw unreadable(file, cause);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DistilleryError('InvalidDefinition', `Cannot read ${file}: it is not UTF-8 text.`, { cause });
  }
}
