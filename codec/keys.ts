/**
 * @file The keys that payloads are encrypted with: a list, one a line, of which the first encrypts and all
 * decrypt. Read from a file, so that they need not stand in any environment, or from a variable.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DistilleryError } from '../errors/errors.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** One key; its id goes with every payload that it has encrypted. */
export interface CodecKey {
  readonly id: string;
  /** 32 bytes, for AES-256. */
  readonly secret: Uint8Array;
}

/** Where the keys are: the path of a file, or the same lines themselves. */
export const keyFileVariable = 'DISTILLERY_CODEC_KEY_FILE';
export const keyVariable = 'DISTILLERY_CODEC_KEY';

const secretBytes = 32;
const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const remedy = 'Make one with `distillery codec keygen`.';

/**
 * The keys of the environment; none means that payloads are not encrypted.
 *
 * @throws DistilleryError `InvalidDefinition`, which never shows any part of a key
 */
export function codecKeysFrom(environment: Environment): readonly CodecKey[] {
  const file = environment[keyFileVariable] ?? '';
  const inline = environment[keyVariable] ?? '';
  if (file !== '' && inline !== '')
    throw wrong(`${keyFileVariable} and ${keyVariable} are both set; which of them counts? Unset one.`);
  if (file !== '') return parseCodecKeys(readKeyFile(file), file);
  return inline === '' ? [] : parseCodecKeys(inline.replaceAll(',', '\n'), keyVariable);
}

/**
 * @param text lines of `id:base64`, with empty ones and comments after `#` among them
 * @param place where the text is from, for messages
 */
export function parseCodecKeys(text: string, place: string): readonly CodecKey[] {
  const keys: CodecKey[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const content = line.replace(/#.*$/, '').trim();
    if (content === '') continue;
    const at = `${place}, line ${index + 1}`;
    const colon = content.indexOf(':');
    const id = content.slice(0, colon);
    if (colon < 0 || !idPattern.test(id))
      throw wrong(`${at}: expected ID:KEY, the id of letters, digits, dots and dashes. ${remedy}`);
    const secret = decodeBase64(content.slice(colon + 1));
    if (secret?.length !== secretBytes)
      throw wrong(`${at}: the key "${id}" is not ${secretBytes} bytes in base64. ${remedy}`);
    if (keys.some((key) => key.id === id)) throw wrong(`${at}: there are two keys with the id "${id}".`);
    keys.push({ id, secret });
  }
  if (keys.length === 0) throw wrong(`${place}: there is no key in it. ${remedy}`);
  return keys;
}

/** A key that nobody has had before. Without an id of your own it is named after the day. */
export function generateCodecKey(id?: string, now = new Date()): CodecKey {
  const own = id ?? `${now.toISOString().slice(0, 10)}-${randomBytes(3).toString('hex')}`;
  if (!idPattern.test(own))
    throw wrong(`"${own}" cannot be the id of a key: letters, digits, dots and dashes, at most 64.`);
  return { id: own, secret: randomBytes(secretBytes) };
}

/** The key as a line of a key file. */
export function formatCodecKey({ id, secret }: CodecKey): string {
  return `${id}:${Buffer.from(secret).toString('base64')}`;
}

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw wrong(`${keyFileVariable} is ${path}, which cannot be read (${code}). ${remedy}`);
  }
}

/** Undefined for what is not base64: Node's own decoder skips what it does not know. */
function decodeBase64(text: string): Uint8Array | undefined {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}

function wrong(message: string): DistilleryError {
  return new DistilleryError('InvalidDefinition', message);
}
