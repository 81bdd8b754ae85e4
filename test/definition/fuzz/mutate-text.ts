/**
 * @file Damage to texts and bytes, at places and of kinds that chance chooses.
 */
import type { Stream } from '../../../random/stream.js';
import { characters, words } from './dictionary.js';
import { randomExpression } from './random-expression.js';

export type TextMutation = (text: string, random: Stream) => string;

function spliced(text: string, at: number, removed: number, inserted: string): string {
  return text.slice(0, at) + inserted + text.slice(at + removed);
}

function spliceTokens(text: string, random: Stream): string {
  const tokens = text.match(/\s+|[\w.]+|[^\s\w]/g) ?? [];
  const at = random.integer(tokens.length + 1);
  const other = tokens[random.integer(tokens.length + 1)] ?? '';
  const word = words[random.integer(words.length)] ?? '';
  const form = random.integer(5);
  const inserted =
    form === 0 ? [] : form === 1 ? [tokens[at] ?? '', tokens[at] ?? ''] : form === 2 ? [other] : [word];
  return [...tokens.slice(0, at), ...inserted, ...tokens.slice(form === 4 ? at : at + 1)].join('');
}

function moveLines(text: string, random: Stream): string {
  const lines = text.split('\n');
  const at = random.integer(lines.length);
  const length = 1 + random.integer(4);
  const taken = lines.slice(at, at + length);
  switch (random.integer(4)) {
    case 0:
      return lines.toSpliced(at, length).join('\n');
    case 1:
      return lines.toSpliced(at, 0, ...taken).join('\n');
    case 2: {
      const rest = lines.toSpliced(at, length);
      return rest.toSpliced(random.integer(rest.length + 1), 0, ...taken).join('\n');
    }
    default: {
      const spaces = ' '.repeat(1 + random.integer(4));
      const shifted = taken.map((line) =>
        random.integer(2) === 0 ? spaces + line : line.replace(/^ {1,2}/, ''),
      );
      return lines.toSpliced(at, length, ...shifted).join('\n');
    }
  }
}

/** Puts an expression, or a word, where a plain value stands. */
function replaceValue(text: string, random: Stream, value: string): string {
  const places = [...text.matchAll(/(?<=: )(?:'[^'\n]*'|"[^"\n]*"|[^\s,{}[\]&*][^\n,{}[\]]*)/g)];
  const place = places[random.integer(places.length + 1)];
  if (place === undefined) return text;
  return spliced(text, place.index, place[0].length, value);
}

function quoted(text: string, random: Stream): string {
  if (random.integer(4) === 0) return text;
  return random.integer(2) === 0 ? `'${text.replaceAll("'", "''")}'` : JSON.stringify(text);
}

/** Anchors and aliases of them, also as merge keys, also so many that they must be refused. */
function alias(text: string, random: Stream): string {
  const name = `a${random.integer(3)}`;
  if (random.integer(6) === 0) {
    const width = 1 + random.integer(30);
    const levels = 1 + random.integer(8);
    let bomb = `b0: &b0 { ${Array.from({ length: width }, (_, index) => `k${index}: 1`).join(', ')} }\n`;
    for (let level = 1; level <= levels; level++)
      bomb += `b${level}: &b${level} ${random.integer(2) === 0 ? '{ <<: ' : '{ x: '}[${`*b${level - 1}, `.repeat(width)}] }\n`;
    return random.integer(2) === 0 ? bomb + text : `${text}\n${bomb}`;
  }
  const anchored = text.replace(/: (?=[{[\w])/g, (colon) =>
    random.integer(12) === 0 ? `: &${name} ` : colon,
  );
  const value = random.integer(3) === 0 ? `{ <<: *${name}, count: 3 }` : `*${name}`;
  return random.integer(3) === 0 ? `${anchored}\n<<: *${name}\n` : replaceValue(anchored, random, value);
}

function nest(text: string, random: Stream): string {
  const depth = random.integer(random.integer(10) === 0 ? 60_000 : 60);
  const [open, close] = [
    ['[', ']'],
    ['{a: ', '}'],
    ['- ', ''],
    ['? ', ''],
    ['(', ')'],
  ][random.integer(5)] ?? ['', ''];
  const value =
    (open ?? '').repeat(depth) + (close ?? '').repeat(random.integer(3) === 0 ? depth + 1 : depth);
  return replaceValue(text, random, random.integer(4) === 0 ? `'\${{ ${value} }}'` : value);
}

export const textMutations: Readonly<Record<string, TextMutation>> = {
  characters: (text, random) => {
    const at = random.integer(text.length + 1);
    const inserted = random.integer(2) === 0 ? '' : String.fromCharCode(random.integer(0x180));
    return spliced(text, at, random.integer(random.integer(6) === 0 ? 200 : 4), inserted);
  },
  ranges: (text, random) => {
    const [from, length, to] = [
      random.integer(text.length + 1),
      random.integer(300),
      random.integer(text.length + 1),
    ];
    return spliced(text, to, random.integer(2) * random.integer(100), text.slice(from, from + length));
  },
  unicode: (text, random) =>
    spliced(
      text,
      random.integer(text.length + 1),
      random.integer(2),
      characters[random.integer(characters.length)] ?? '',
    ),
  tokens: spliceTokens,
  lines: moveLines,
  expressions: (text, random) => replaceValue(text, random, quoted(randomExpression(random), random)),
  words: (text, random) => replaceValue(text, random, words[random.integer(words.length)] ?? ''),
  aliases: alias,
  nesting: nest,
};

/** Bytes that need not be UTF-8 any more. */
export function mutateBytes(bytes: Uint8Array, random: Stream): Uint8Array {
  const damaged = Uint8Array.from(bytes);
  for (let flips = 1 + random.integer(4); flips > 0; flips--)
    damaged[random.integer(damaged.length)] = random.integer(256);
  return random.integer(6) === 0 ? damaged.slice(0, random.integer(damaged.length)) : damaged;
}
