/**
 * @file A definition that comes as an object instead of text: copied into a plain value, within the same
 * limits, so that nothing a caller does to it later (or put into it) can matter.
 */
import type { Issues, Path } from './issues.js';
import { maximumBytes, maximumDepth, maximumValues } from './limits.js';
import type { DefinitionDocument } from './yaml-document.js';

/** Copies what JSON can say; reports and drops the rest. Issues have paths, but no lines. */
export function readObject(input: object, issues: Issues): DefinitionDocument {
  const value = new Copier(issues).copy(input, [], 0);
  return { value, offsetOf: () => undefined, textOffset: () => undefined };
}

class Copier {
  private values = 0;
  private characters = 0;

  constructor(private readonly issues: Issues) {}

  copy(input: unknown, path: Path, depth: number): unknown {
    if (++this.values > maximumValues) this.stop(`the definition has more than ${maximumValues} values`);
    if (depth > maximumDepth)
      this.stop(`objects and arrays are nested more than ${maximumDepth} deep, or in a circle`);
    // A negative zero, which JSON has not, is a zero.
    if (input === 0) return 0;
    if (input === null || typeof input === 'number' || typeof input === 'boolean') return input;
    if (typeof input === 'string') return this.text(input);
    if (Array.isArray(input)) {
      const items: readonly unknown[] = input;
      return Array.from(items, (item, index) => this.copy(item, [...path, index], depth + 1));
    }
    if (typeof input === 'object' && isPlain(input)) return this.entries(input, path, depth);
    this.issues.add(
      'wrong-type',
      path,
      'only plain objects, arrays, texts, numbers and booleans make a definition',
    );
    return null;
  }

  private entries(input: object, path: Path, depth: number): unknown {
    const copy = Object.create(null) as Record<string, unknown>;
    for (const [key, value] of Object.entries(input) as [string, unknown][]) {
      // It would turn into a prototype, and so vanish, wherever the value is copied again.
      if (key === '__proto__') {
        this.issues.add('wrong-type', [...path, key], '"__proto__" cannot be a key');
        continue;
      }
      // As in JSON, a key without a value is not there.
      if (value !== undefined) copy[this.text(key)] = this.copy(value, [...path, key], depth + 1);
    }
    return copy;
  }

  private text(text: string): string {
    this.characters += text.length;
    if (this.characters > maximumBytes)
      this.stop(`the definition is larger than ${maximumBytes / 1024} KiB`, 'too-large');
    return text;
  }

  private stop(message: string, code: 'too-large' | 'wrong-type' = 'wrong-type'): never {
    this.issues.add(code, [], message);
    throw this.issues.error();
  }
}

/** Also true for objects of another realm, such as those a workflow sandbox is given. */
function isPlain(input: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(input);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
