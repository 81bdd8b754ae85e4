/**
 * @file From YAML nodes to a plain value whose every part knows its place in the text. Only what JSON can
 * say is let through; anchors are expanded within limits.
 */
import { isAlias, isMap, isScalar, isSeq, type ParsedNode } from 'yaml';
import { type Issues, type Locator, type Path, shown } from './issues.js';
import { maximumAliases, maximumDepth, maximumValues } from './limits.js';
import { SourceFiles, type SourceText } from './source.js';
import { parseYaml } from './yaml-syntax.js';

/** A definition as read, before anything is checked but its form. */
export interface DefinitionDocument extends Locator {
  /** Null, booleans, numbers, strings, arrays and objects (without a prototype). */
  readonly value: unknown;
  /** Offset of the first character of a string's content where it stands in the text as it is. */
  textOffset(path: Path): number | undefined;
}

/** The place of one value and of the values inside it. */
export interface Located {
  readonly offset: number;
  readonly textOffset?: number;
  readonly inside?: ReadonlyMap<string | number, { readonly key: number; readonly value: Located }>;
}

/** A value and where its parts lie. */
export interface LocatedValue {
  readonly value: unknown;
  readonly located: Located;
}

/** How much has been read, of all files of a definition together. */
export interface Reading {
  values: number;
  aliases: number;
}

/** Reads text as one YAML document; undefined after reporting what is wrong with it. */
export function readYaml(text: string, issues: Issues): DefinitionDocument | undefined {
  const files = new SourceFiles();
  const source = files.add(text);
  issues.locateWith({ source: files, offsetOf: () => 0 });
  const read = readYamlFile(source, { values: 0, aliases: 0 }, issues);
  if (read === undefined) return undefined;
  const document = locatedDocument(read, files);
  issues.locateWith(document);
  return document;
}

/** Reads one file; undefined after reporting what is wrong with its syntax. */
export function readYamlFile(source: SourceText, reading: Reading, issues: Issues): LocatedValue | undefined {
  const before = issues.count;
  const root = parseYaml(source, issues);
  if (issues.count > before) return undefined;
  if (root === undefined) return { value: null, located: { offset: source.start } };
  return new Reader(source, reading, issues).read(root);
}

/** A definition whose issues know their place. */
export function locatedDocument({ value, located }: LocatedValue, source: SourceFiles): DefinitionDocument {
  return {
    value,
    source,
    offsetOf: (path, part) => find(located, path)[part],
    textOffset: (path) => {
      const { node, whole } = find(located, path);
      return whole ? node.textOffset : undefined;
    },
  };
}

function find(root: Located, path: Path): { key: number; value: number; node: Located; whole: boolean } {
  let node = root;
  let key = root.offset;
  for (const part of path) {
    const next = node.inside?.get(part);
    // What is missing is shown at the nearest key above it.
    if (next === undefined) return { key, value: key, node, whole: false };
    key = next.key;
    node = next.value;
  }
  return { key, value: node.offset, node, whole: true };
}

const mergeExpects = '"<<" takes the keys of a mapping, such as *name, or of a list of mappings';

/** What is written in a mapping, and named first, wins over what is merged into it. */
function takeMissing(
  into: { value: Record<string, unknown>; inside: Map<string | number, { key: number; value: Located }> },
  { value, located }: LocatedValue,
): void {
  for (const [key, item] of Object.entries(value as object) as [string, unknown][]) {
    const place = located.inside?.get(key);
    if (Object.hasOwn(into.value, key) || place === undefined) continue;
    into.value[key] = item;
    into.inside.set(key, place);
  }
}

class Reader {
  private readonly anchors = new Map<string, ParsedNode>();
  private readonly open = new Set<ParsedNode>();
  /** Where the alias stands that is being expanded. */
  private expanding: number | undefined;

  constructor(
    private readonly source: SourceText,
    private readonly reading: Reading,
    private readonly issues: Issues,
  ) {}

  read(node: ParsedNode): LocatedValue {
    return this.node(node, [], 0);
  }

  private node(node: ParsedNode, path: Path, depth: number): LocatedValue {
    const offset = this.offsetOf(node);
    if (++this.reading.values > maximumValues) {
      const how = this.reading.aliases > 0 ? ' once its aliases are expanded' : '';
      this.stop(`the definition has more than ${maximumValues} values${how}`, offset);
    }
    if (depth > maximumDepth)
      this.stop(`mappings and lists are nested more than ${maximumDepth} deep`, offset);
    if (isAlias(node)) return this.alias(node.source, path, depth, offset);
    if (node.tag !== undefined) this.tag(node.tag, path, offset);
    if (node.anchor !== undefined) this.anchors.set(node.anchor, node);
    if (isScalar(node)) return this.scalar(node.value, offset, path);
    this.open.add(node);
    const read = isMap(node)
      ? this.map(node.items, path, depth, offset)
      : this.list(node, path, depth, offset);
    this.open.delete(node);
    return read;
  }

  private offsetOf(node: ParsedNode): number {
    return this.source.start + node.range[0];
  }

  private tag(tag: string, path: Path, offset: number): void {
    const message = `tags such as ${shown(tag)} are not used in definitions; remove it`;
    this.issues.add('yaml-feature', path, message, { offset });
  }

  private alias(name: string, path: Path, depth: number, offset: number): LocatedValue {
    if (++this.reading.aliases > maximumAliases)
      this.stop(`more than ${maximumAliases} aliases (*name) are expanded`, offset);
    const target = this.anchors.get(name);
    if (target === undefined || this.open.has(target)) {
      const anchor = shown(name);
      const why =
        target === undefined ? `there is no anchor ${anchor} above` : `the alias ${anchor} contains itself`;
      this.issues.add('yaml-feature', path, why, { offset });
      return { value: null, located: { offset } };
    }
    const outer = this.expanding;
    this.expanding ??= offset;
    const read = this.node(target, path, depth);
    this.expanding = outer;
    return read;
  }

  private scalar(value: unknown, offset: number, path: Path): LocatedValue {
    if (typeof value !== 'string') {
      // A negative zero, which JSON has not, is a zero.
      if (value === null || typeof value === 'number' || typeof value === 'boolean')
        return { value: value === 0 ? 0 : value, located: { offset } };
      this.issues.add('wrong-type', path, 'this kind of value is not used in definitions', { offset });
      return { value: null, located: { offset } };
    }
    const { text, start } = this.source;
    const textOffset = [offset, offset + 1].find((at) => text.startsWith(value, at - start));
    return { value, located: { offset, ...(textOffset === undefined ? {} : { textOffset }) } };
  }

  private list(node: ParsedNode, path: Path, depth: number, offset: number): LocatedValue {
    const value: unknown[] = [];
    const inside = new Map<string | number, { key: number; value: Located }>();
    for (const [index, item] of (isSeq<ParsedNode>(node) ? node.items : []).entries()) {
      const read = this.node(item, [...path, index], depth + 1);
      value.push(read.value);
      inside.set(index, { key: read.located.offset, value: read.located });
    }
    return { value, located: { offset, inside } };
  }

  private map(
    items: readonly { key: ParsedNode; value: ParsedNode | null }[],
    path: Path,
    depth: number,
    offset: number,
  ): LocatedValue {
    const value = Object.create(null) as Record<string, unknown>;
    const inside = new Map<string | number, { key: number; value: Located }>();
    const merged: LocatedValue[] = [];
    for (const item of items) {
      const keyOffset = this.offsetOf(item.key);
      const key = isScalar(item.key) ? item.key.value : undefined;
      if (typeof key !== 'string') this.stop('a key must be a plain word', keyOffset);
      if (item.key.tag !== undefined) this.tag(item.key.tag, [...path, key], keyOffset);
      const before = inside.get(key);
      if (before !== undefined) {
        const { line } = this.source.position(before.key);
        const message = `${shown(key)} is given twice; the first is on line ${line}`;
        this.issues.add('duplicate-key', [...path, key], message, { offset: keyOffset });
        continue;
      }
      if (key === '__proto__') {
        this.issues.add('yaml-feature', [...path, key], `${shown(key)} cannot be a key`, {
          offset: keyOffset,
        });
        continue;
      }
      if (key === '<<' && isScalar(item.key) && item.key.type === 'PLAIN') {
        inside.set(key, { key: keyOffset, value: { offset: keyOffset } });
        merged.push(...this.merged(item.value, path, depth, keyOffset));
        continue;
      }
      const read = item.value
        ? this.node(item.value, [...path, key], depth + 1)
        : { value: null, located: { offset: keyOffset } };
      value[key] = read.value;
      inside.set(key, { key: keyOffset, value: read.located });
    }
    for (const other of merged) takeMissing({ value, inside }, other);
    return { value, located: { offset, inside } };
  }

  /** The mappings that a merge key (`<<`) names. */
  private merged(node: ParsedNode | null, path: Path, depth: number, keyOffset: number): LocatedValue[] {
    const nodes = isSeq<ParsedNode>(node) && node.anchor === undefined ? node.items : node ? [node] : [];
    const mappings = nodes
      .map((item) => this.node(item, path, depth))
      .filter(({ value, located }) => {
        if (typeof value === 'object' && value !== null && !Array.isArray(value)) return true;
        this.issues.add('yaml-feature', path, mergeExpects, { offset: located.offset });
        return false;
      });
    if (nodes.length === 0) this.issues.add('yaml-feature', path, mergeExpects, { offset: keyOffset });
    return mappings;
  }

  private stop(message: string, offset: number): never {
    this.issues.add('yaml-feature', [], message, { offset: this.expanding ?? offset });
    throw this.issues.error();
  }
}
