/**
 * @file The text of a definition with its lines, so that a message can point at a place in it.
 */

/** A place in a text; both count from 1, columns in UTF-16 units as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

const snippetWidth = 100;

/**
 * Each control character, line separator and direction mark as one space. They would let a definition write
 * on the terminal that shows the message, or make the message read differently from what it is.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff]/gu, ' ');
}

export class SourceText {
  private readonly lineStarts: number[] = [0];

  constructor(readonly text: string) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.lineStarts.push(at + 1);
  }

  position(offset: number): Position {
    let low = 0;
    let high = this.lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.lineStarts[low] ?? 0) + 1 };
  }

  /** The text of a line, counted from 1, without its line break. */
  line(number: number): string {
    const start = this.lineStarts[number - 1] ?? this.text.length;
    const end = this.lineStarts[number];
    return this.text.slice(start, end === undefined ? undefined : end - 1).replace(/\r$/, '');
  }

  /** The line with its number and, below it, a caret under the column; long lines are cut around it. */
  snippet({ line, column }: Position): string {
    const text = this.line(line);
    const from = Math.max(0, Math.min(column - 1 - snippetWidth / 2, text.length - snippetWidth));
    const shown = printable(text.slice(from, from + snippetWidth)).trimEnd();
    const gutter = String(line).padStart(4);
    return `${gutter} | ${shown}\n${' '.repeat(gutter.length)} | ${' '.repeat(column - 1 - from)}^`;
  }
}
