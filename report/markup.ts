/**
 * @file Markup whose every interpolated text is escaped, so that no name or definition can become code.
 */

/** Text that is already HTML or SVG. Only `markup` makes it. */
export class Markup {
  /** Not for callers: use the `markup` tag, which escapes. */
  constructor(readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

export type MarkupValue = string | number | Markup | undefined | readonly MarkupValue[];

/** Template tag: strings and numbers are escaped, markup and lists of it are put in, undefined is nothing. */
export function markup(literals: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  let text = literals[0] ?? '';
  values.forEach((value, index) => {
    text += render(value) + (literals[index + 1] ?? '');
  });
  return new Markup(text);
}

/** Safe in element content and in quoted attributes. Control characters, which HTML forbids, are dropped. */
export function escapeText(text: string): string {
  return text
    .replace(/[^\P{Cc}\t\n\r]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

function render(value: MarkupValue): string {
  if (value === undefined) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'string') return escapeText(value);
  if (typeof value === 'number') return String(value);
  return value.map(render).join('');
}
