/**
 * @file JSON with one spelling for each value, so that equal values have equal digests.
 */
import { sha256 } from './digest.js';

/**
 * The value as JSON: keys sorted by code unit, no white space, absent properties left out.
 * @throws TypeError for what JSON cannot carry faithfully (NaN, infinities, bigint, functions, class instances).
 */
export function canonicalJson(value: unknown): string {
  return write(value, '$');
}

/** Identity of a unit of work: sha256 hex of the canonical JSON of all that determines its result. */
export function unitKey(parts: unknown): string {
  return sha256(canonicalJson(parts));
}

function write(value: unknown, path: string): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) {
    return `[${value.map((item: unknown, index) => write(item, `${path}[${index}]`)).join(',')}]`;
  }
  if (typeof value === 'object' && isPlain(value)) {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => `${JSON.stringify(key)}:${write(field, `${path}.${key}`)}`);
    return `{${fields.join(',')}}`;
  }
  throw new TypeError(`${path} cannot be written as JSON: a ${typeof value}`);
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
