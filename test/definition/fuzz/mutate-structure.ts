/**
 * @file Damage to definitions as objects: values, keys and places exchanged by chance.
 */
import type { Stream } from '../../../random/stream.js';
import { keys, values } from './dictionary.js';
import { randomExpression } from './random-expression.js';

type Mapping = Readonly<Record<string, unknown>>;

/** A copy with one change somewhere inside. */
export function mutateStructure(root: unknown, random: Stream): unknown {
  return change(root, root, random);
}

function change(value: unknown, root: unknown, random: Stream): unknown {
  if (typeof value !== 'object' || value === null || random.integer(8) === 0)
    return replacement(value, root, random);
  if (Array.isArray(value)) return changeList(value, root, random);
  return changeMapping(value as Mapping, root, random);
}

const counts = [0, 1, 2, 3, 5, 10, 20, 50, 100, 1000, 5000, 10_000, 1_000_000, -1, 0.5];

/** A value of the same kind, so that it may well be taken. */
function kin(value: unknown, root: unknown, random: Stream): unknown {
  if (typeof value === 'number') {
    const scaled = [value + 1, value * 10, value / 2, -value];
    return [...counts, ...scaled][random.integer(counts.length + scaled.length)];
  }
  if (typeof value === 'boolean') return !value;
  for (let tries = 0; tries < 20; tries++) {
    const other = part(root, random);
    if (typeof other === typeof value) return other;
  }
  return value;
}

function replacement(value: unknown, root: unknown, random: Stream): unknown {
  if (random.integer(2) === 0) return kin(value, root, random);
  switch (random.integer(6)) {
    case 0:
      return randomExpression(random);
    case 1:
      return [value];
    case 2:
      return { [keys[random.integer(keys.length)] ?? 'x']: value };
    case 3:
      return part(root, random);
    case 4:
      return nested(value, random.integer(random.integer(20) === 0 ? 5000 : 40), random);
    default:
      return values[random.integer(values.length)];
  }
}

function nested(value: unknown, depth: number, random: Stream): unknown {
  const asList = random.integer(2) === 0;
  let whole = value;
  for (let level = 0; level < depth; level++) whole = asList ? [whole] : { x: whole };
  return whole;
}

/** Something from anywhere in the definition. */
function part(root: unknown, random: Stream): unknown {
  let value = root;
  while (typeof value === 'object' && value !== null && random.integer(4) > 0) {
    const inside: unknown[] = Object.values(value);
    value = inside[random.integer(inside.length + 1)];
  }
  return value;
}

function changeList(list: readonly unknown[], root: unknown, random: Stream): unknown[] {
  const at = random.integer(list.length + 1);
  switch (random.integer(5)) {
    case 0:
      return list.toSpliced(at, 1);
    case 1:
      return list.toSpliced(at, 0, list[at]);
    default:
      return at === list.length
        ? [...list, replacement(undefined, root, random)]
        : list.with(at, change(list[at], root, random));
  }
}

function changeMapping(mapping: Mapping, root: unknown, random: Stream): unknown {
  const entries = Object.entries(mapping);
  const at = random.integer(entries.length + 1);
  const chosen = entries[at];
  const copy = (changed: readonly (readonly [string, unknown])[]): Mapping => {
    const whole: Record<string, unknown> = {};
    // As JSON.parse would make it: `__proto__` is a key like any other.
    for (const [key, value] of changed)
      Object.defineProperty(whole, key, { value, enumerable: true, writable: true, configurable: true });
    return whole;
  };
  if (chosen === undefined || random.integer(8) === 0)
    return copy([...entries, [keys[random.integer(keys.length)] ?? 'x', part(root, random)]]);
  const [key, value] = chosen;
  switch (random.integer(10)) {
    case 0:
      return copy(entries.toSpliced(at, 1));
    case 1:
      return copy(entries.with(at, [misspelt(key, random), value]));
    case 2:
      return copy([...entries, [`${key}-2`, value]]);
    default:
      return copy(entries.with(at, [key, change(value, root, random)]));
  }
}

function misspelt(key: string, random: Stream): string {
  const at = random.integer(key.length + 1);
  const form = random.integer(3);
  if (form === 0) return key.slice(0, at) + key.slice(at + 1);
  if (form === 1) return key.slice(0, at) + (key[at + 1] ?? '') + (key[at] ?? '') + key.slice(at + 2);
  return keys[random.integer(keys.length)] ?? 'x';
}
