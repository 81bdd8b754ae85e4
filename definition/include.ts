/**
 * @file Included files: fragments of definitions that are merged into one, by value, where the files are. A
 * definition that is sent to a server includes nothing.
 */
import { decodeText } from './decode-text.js';
import { type Issues, shown } from './issues.js';
import { maximumBytes, maximumIncludeDepth, maximumIncludes } from './limits.js';
import { isMapping } from './mapping.js';
import type { SourceFiles } from './source.js';
import { type Located, type LocatedValue, type Reading, readYamlFile } from './yaml-document.js';

/**
 * Reads an included file.
 *
 * @param path - relative to the folder of the definition, with `/` between names; never leads out of it
 */
export type ReadFragment = (path: string) => { readonly bytes: Uint8Array } | { readonly problem: string };

export const includeRefused =
  'a definition that is started stands alone; write what it includes into it with "distillery flatten FILE"';

/** What the reading of all files has in common. */
export interface Including {
  readonly files: SourceFiles;
  readonly reading: Reading;
  readonly readFragment: ReadFragment;
  /** What messages call the definition; included files are named relative to it. */
  readonly name: string;
  /** Of the definition itself. */
  readonly bytes: number;
  readonly issues: Issues;
}

export interface Assembled {
  readonly read: LocatedValue;
  /** Paths of the included files, in the order of reading. */
  readonly included: readonly string[];
}

/** The definition with what its `include` names, and those in turn. What includes wins over what is included. */
export function includeFragments(read: LocatedValue, including: Including): Assembled {
  const includer = new Includer(including);
  return { read: includer.complete(read, '', []), included: includer.included };
}

/** Why a file is not included; the place is where it is named. */
class CannotInclude extends Error {}

class Includer {
  readonly included: string[] = [];
  private bytes: number;
  private readonly folderOfDefinition: string;

  constructor(private readonly including: Including) {
    const { name, bytes } = including;
    this.bytes = bytes;
    this.folderOfDefinition = name.slice(0, name.lastIndexOf('/') + 1);
  }

  /**
   * @param folder - of the file, relative to that of the definition; empty or ending in `/`
   * @param chain - paths of the files that led here
   */
  complete(read: LocatedValue, folder: string, chain: readonly string[]): LocatedValue {
    const { value, located } = read;
    if (!isMapping(value) || !Object.hasOwn(value, 'include')) return read;
    const { include, ...rest } = value;
    const place = located.inside?.get('include');
    const own: LocatedValue = { value: Object.assign(empty(), rest), located };
    let merged: LocatedValue = { value: empty(), located: { offset: located.offset, inside: new Map() } };
    for (const [path, offset] of this.paths(include, place?.value ?? located)) {
      try {
        const fragment = this.fragment(path, folder, chain);
        if (fragment !== undefined) merged = overlaid(merged, fragment);
      } catch (error) {
        if (!(error instanceof CannotInclude)) throw error;
        this.report(error.message, offset);
      }
    }
    return overlaid(merged, own);
  }

  private paths(include: unknown, located: Located): [string, number][] {
    const list: readonly unknown[] = Array.isArray(include) ? include : [include];
    return list.flatMap((path, index): [string, number][] => {
      const offset = located.inside?.get(index)?.value.offset ?? located.offset;
      if (typeof path === 'string') return [[path, offset]];
      this.report('"include" takes the path of a file, or a list of paths', offset);
      return [];
    });
  }

  private fragment(written: string, folder: string, chain: readonly string[]): LocatedValue | undefined {
    const path = this.pathOf(written, folder);
    if (chain.includes(path))
      throw new CannotInclude(
        `files include each other in a circle: ${[...chain, path].map(shown).join(' -> ')}`,
      );
    if (chain.length >= maximumIncludeDepth)
      throw new CannotInclude(`files include each other more than ${maximumIncludeDepth} deep`);
    if (this.included.length >= maximumIncludes)
      throw new CannotInclude(`more than ${maximumIncludes} files are included`);
    this.included.push(path);
    const read = this.read(path);
    if (read === undefined) return undefined;
    return this.complete(read, path.slice(0, path.lastIndexOf('/') + 1), [...chain, path]);
  }

  /** The path from the folder of the definition. */
  private pathOf(written: string, folder: string): string {
    const names = written.split('/').filter((name) => name !== '.');
    if (written.includes('${{')) throw new CannotInclude('a path is a plain text, not an expression');
    const isPlain =
      names.length > 0 && names.every((name) => name !== '' && name !== '..' && !/[\\:\p{Cc}]/u.test(name));
    if (isPlain) return folder + names.join('/');
    throw new CannotInclude(
      `${shown(written)} is not a path below the folder of the file that includes it; write it with "/" and without ".."`,
    );
  }

  /** Undefined after reporting what is wrong inside the file. */
  private read(path: string): LocatedValue | undefined {
    const { readFragment, files, reading, issues } = this.including;
    const answer = readFragment(path);
    if ('problem' in answer) throw new CannotInclude(`cannot read ${shown(path)}: ${answer.problem}`);
    this.bytes += answer.bytes.length;
    if (this.bytes > maximumBytes)
      throw new CannotInclude(
        `the definition with what it includes has more than ${maximumBytes / 1024} KiB`,
      );
    const text = decodeText(answer.bytes);
    if (text === undefined) throw new CannotInclude(`${shown(path)} is not UTF-8 text`);
    const read = readYamlFile(files.add(text, this.folderOfDefinition + path), reading, issues);
    if (read === undefined || isMapping(read.value)) return read;
    throw new CannotInclude(
      `${shown(path)} is no mapping of keys of a definition, such as network or stages`,
    );
  }

  private report(message: string, offset: number): void {
    this.including.issues.add('include', ['include'], message, { offset });
  }
}

/** Mappings are merged key by key; of everything else, what lies above stays. */
function overlaid(below: LocatedValue, above: LocatedValue): LocatedValue {
  if (!isMapping(below.value) || !isMapping(above.value)) return above;
  const value = Object.assign(empty(), below.value);
  const inside = new Map(below.located.inside);
  for (const [key, item] of Object.entries(above.value)) {
    const place = above.located.inside?.get(key);
    if (place === undefined) continue;
    const before = inside.get(key);
    const merged =
      before !== undefined && Object.hasOwn(value, key)
        ? overlaid({ value: value[key], located: before.value }, { value: item, located: place.value })
        : { value: item, located: place.value };
    value[key] = merged.value;
    inside.set(key, { key: place.key, value: merged.located });
  }
  return { value, located: { ...above.located, inside } };
}

function empty(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>;
}
