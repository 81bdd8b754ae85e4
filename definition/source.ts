/**
 * @file The text of a definition and of the files it includes, with their lines, so that a message can point
 * at a place in them. One number says the place: offsets of each file go on where those of the last one end.
 */

/** A place in a text; lines and columns count from 1, columns in UTF-16 units as editors do. */
export interface Position {
  /** An included file; absent for the definition itself. */
  readonly file?: string;
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

/** One file. */
export class SourceText {
  private readonly lineStarts: number[] = [0];

  constructor(
    readonly text: string,
    /** Offset of the first character among all files. */
    readonly start: number,
    readonly file?: string,
  ) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.lineStarts.push(at + 1);
  }

  get end(): number {
    return this.start + this.text.length;
  }

  position(offset: number): Position {
    const at = offset - this.start;
    let low = 0;
    let high = this.lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.lineStarts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    const place = { line: low + 1, column: at - (this.lineStarts[low] ?? 0) + 1 };
    return this.file === undefined ? place : { file: this.file, ...place };
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

/** The definition and, behind it, what it includes. */
export class SourceFiles {
  private readonly files: SourceText[] = [];

  /** @param file - absent for the definition itself */
  add(text: string, file?: string): SourceText {
    const last = this.files.at(-1);
    // A byte order mark is not part of the text.
    const plain = text.startsWith('\uFEFF') ? text.slice(1) : text;
    const source = new SourceText(plain, last === undefined ? 0 : last.end + 1, file);
    this.files.push(source);
    return source;
  }

  position(offset: number): Position {
    return this.holding(offset)?.position(offset) ?? { line: 1, column: 1 };
  }

  /** The line with its number and, below it, a caret under the column. */
  snippet(offset: number): string {
    const source = this.holding(offset);
    return source?.snippet(source.position(offset)) ?? '';
  }

  private holding(offset: number): SourceText | undefined {
    return this.files.findLast(({ start }) => start <= offset);
  }
}
