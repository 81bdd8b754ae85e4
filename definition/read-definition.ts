/**
 * @file Reads a definition in whatever form it comes, with what it includes where that can be read.
 */
import { decodeText } from './decode-text.js';
import { includeFragments, includeRefused, type ReadFragment } from './include.js';
import type { Issues } from './issues.js';
import { maximumBytes } from './limits.js';
import { readObject } from './object-document.js';
import { SourceFiles } from './source.js';
import { type DefinitionDocument, locatedDocument, readYamlFile } from './yaml-document.js';

export interface ReadOptions {
  /** What messages call the definition, such as its file name. Default `definition`. */
  readonly name?: string;
  /** Reads included files. Without it, a definition that includes something is refused. */
  readonly readFragment?: ReadFragment;
}

export interface ReadDefinition {
  readonly document: DefinitionDocument;
  /** The keys at the top. */
  readonly value: Record<string, unknown>;
  /** Paths of included files. */
  readonly included: readonly string[];
}

/**
 * @param input - YAML as UTF-8 bytes or text, of at most 256 KiB, or the object it would be read as
 * @throws DefinitionError where its form is wrong
 */
export function readDefinition(
  input: Uint8Array | string | object,
  options: ReadOptions,
  issues: Issues,
): ReadDefinition {
  const { document, included } = read(input, options, issues);
  issues.throwIfAny();
  const value = topLevel(document, issues);
  if (Object.hasOwn(value, 'include')) {
    issues.add('include', ['include'], includeRefused, { part: 'key' });
    throw issues.error();
  }
  return { document, value, included };
}

type Read = Omit<ReadDefinition, 'value'>;

function read(input: Uint8Array | string | object, options: ReadOptions, issues: Issues): Read {
  // Not `instanceof`: in a sandbox the bytes may come from another realm.
  if (typeof input !== 'string' && !ArrayBuffer.isView(input))
    return { document: readObject(input, issues), included: [] };
  const bytes = sizeOf(input);
  if (bytes > maximumBytes) {
    const size = `${maximumBytes / 1024} KiB (${Math.ceil(bytes / 1024)} KiB)`;
    issues.add('too-large', [], `the definition has more than ${size}`);
    throw issues.error();
  }
  const text =
    typeof input === 'string'
      ? input
      : decodeText(new Uint8Array(input.buffer, input.byteOffset, input.byteLength));
  if (text !== undefined) return readText(text, bytes, options, issues);
  issues.add('encoding', [], 'the definition is not UTF-8 text');
  throw issues.error();
}

function sizeOf(input: string | ArrayBufferView): number {
  if (typeof input !== 'string') return input.byteLength;
  // A text is at least as many bytes as UTF-16 units.
  return input.length > maximumBytes ? input.length : new TextEncoder().encode(input).length;
}

function readText(text: string, bytes: number, options: ReadOptions, issues: Issues): Read {
  const { name = 'definition', readFragment } = options;
  const files = new SourceFiles();
  const source = files.add(text);
  issues.locateWith({ source: files, offsetOf: () => 0 });
  const reading = { values: 0, aliases: 0 };
  const own = readYamlFile(source, reading, issues);
  if (own === undefined) throw issues.error();
  const { read: whole, included } =
    readFragment === undefined
      ? { read: own, included: [] }
      : includeFragments(own, { files, reading, readFragment, name, bytes, issues });
  const document = locatedDocument(whole, files);
  issues.locateWith(document);
  return { document, included };
}

function topLevel(document: DefinitionDocument, issues: Issues): Record<string, unknown> {
  const { value } = document;
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  const message =
    value === null
      ? 'the definition is empty'
      : 'a definition is a mapping of keys such as name, dataset and stages';
  issues.add('wrong-type', [], message);
  throw issues.error();
}
