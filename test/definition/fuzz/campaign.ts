/**
 * @file A campaign: so many cases from a seed, each one reproducible by its number alone.
 */
import { parse, stringify } from 'yaml';
import type { ParameterValues, ReadFragment } from '../../../definition/index.js';
import { Stream } from '../../../random/stream.js';
import { fragment, readCorpus } from './corpus.js';
import { parameterValues } from './dictionary.js';
import { grow } from './mutate-growth.js';
import { mutateStructure } from './mutate-structure.js';
import { mutateBytes, textMutations } from './mutate-text.js';
import { Oracle } from './oracle.js';

export interface Case {
  readonly number: number;
  /** The file of the corpus and what was done to it. */
  readonly made: string;
  readonly input: Uint8Array | string | object;
  readonly fragment: string;
  /** Values of parameters, of any kind, as a client may send them beside the definition. */
  readonly params: Readonly<Record<string, unknown>>;
}

export interface Tally {
  cases: number;
  compiled: number;
  /** The longest that compiling took, in seconds of processor time. */
  longest: number;
  /** How many cases each code came up in. */
  readonly codes: Map<string, number>;
  /** How many cases each mutation was part of. */
  readonly mutations: Map<string, number>;
  readonly findings: { readonly case: Case; readonly error: unknown }[];
}

const enough = 20;
const nothing = { name: '', text: '', value: null };
const textKinds = Object.keys(textMutations);

export class Campaign {
  private readonly corpus = readCorpus().map((entry) => ({
    ...entry,
    value: parse(entry.text, { merge: true }) as unknown,
  }));
  private readonly oracle = new Oracle();

  constructor(private readonly seed: number) {}

  case(number: number): Case {
    const random = new Stream(this.seed, 'report-samples', number);
    const { name, text, value } = this.corpus[random.integer(this.corpus.length)] ?? nothing;
    const made: string[] = [];
    let input: Uint8Array | string | object = text;
    // Growth takes far longer to look at than all other damage.
    const grown = random.integer(40) === 0;
    const damaged = random.integer(2) === 0;
    if (grown || damaged) {
      let changed: unknown = grown ? grow(value, random) : value;
      if (grown) made.push('growth');
      if (damaged) made.push('structure');
      for (let left = damaged ? 1 + random.integer(3) : 0; left > 0; left--)
        changed = mutateStructure(changed, random);
      input = written(changed, text, random);
    }
    const furtherText = made.length === 0 ? 1 + random.integer(3) : random.integer(4) === 0 ? 1 : 0;
    for (let left = furtherText; left > 0 && typeof input === 'string'; left--) {
      const kind = textKinds[random.integer(textKinds.length)] ?? '';
      input = mutateText(kind, input, random);
      made.push(kind);
    }
    if (typeof input === 'string' && random.integer(2) === 0) {
      const bytes = new TextEncoder().encode(input);
      const broken: boolean = bytes.length > 0 && random.integer(8) === 0;
      input = broken ? mutateBytes(bytes, random) : bytes;
      if (broken) made.push('bytes');
    }
    const included = random.integer(3) === 0 ? mutateText('lines', fragment, random) : fragment;
    const params = random.integer(6) === 0 ? given(value, random) : {};
    if (Object.keys(params).length > 0) made.push('params');
    return { number, made: `${name}: ${made.join(', ')}`, input, fragment: included, params };
  }

  examine(one: Case): ReturnType<Oracle['examine']> {
    const readFragment: ReadFragment = (path) =>
      path === 'fragment.yaml'
        ? { bytes: new TextEncoder().encode(one.fragment) }
        : { problem: 'there is no such file' };
    const params = one.params as ParameterValues;
    return this.oracle.examine(one.input, { readFragment, params });
  }

  run(count: number, onProgress: (tally: Tally) => void = () => undefined): Tally {
    const tally: Tally = {
      cases: 0,
      compiled: 0,
      longest: 0,
      codes: new Map(),
      mutations: new Map(),
      findings: [],
    };
    for (let number = 0; number < count && tally.findings.length < enough; number++) {
      const one = this.case(number);
      tally.cases++;
      for (const kind of new Set(one.made.replace(/^.*: /, '').split(', '))) increase(tally.mutations, kind);
      try {
        const { compiled, codes, seconds } = this.examine(one);
        tally.compiled += Number(compiled);
        tally.longest = Math.max(tally.longest, seconds);
        for (const code of new Set(codes)) increase(tally.codes, code);
      } catch (error) {
        tally.findings.push({ case: one, error });
      }
      onProgress(tally);
    }
    return tally;
  }
}

/** One value or two, mostly for parameters that are declared. */
function given(definition: unknown, random: Stream): Record<string, unknown> {
  const declared =
    typeof definition === 'object' && definition !== null && 'params' in definition
      ? Object.keys(definition.params as object)
      : [];
  const names = [...declared, ...declared, 'ipc', 'constructor', 'nope'];
  const values = Array.from({ length: 1 + random.integer(2) }, () => [
    names[random.integer(names.length)] ?? '',
    parameterValues[random.integer(parameterValues.length)],
  ]);
  return Object.fromEntries(values) as Record<string, unknown>;
}

function mutateText(kind: string, text: string, random: Stream): string {
  return textMutations[kind]?.(text, random) ?? text;
}

/** As an object, as JSON or as YAML; the text where it cannot be written. */
function written(value: unknown, text: string, random: Stream): string | object {
  if (typeof value !== 'object' || value === null) return text;
  try {
    switch (random.integer(4)) {
      case 0:
        return value;
      case 1:
        return JSON.stringify(value, null, random.integer(3));
      default:
        return stringify(value, { aliasDuplicateObjects: random.integer(2) === 0 });
    }
  } catch {
    return value;
  }
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
