/**
 * @file Text measured in columns, not code units, with colour sequences left out.
 */

// Only the colour sequences that this program writes itself; foreign text is escaped before.
const colourSequence = /\u001b\[[0-9;]*m/g;
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}]/u;
const combining = /\p{Mark}/u;

/** Columns that a text takes on a terminal. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text.replace(colourSequence, '')) {
    if (combining.test(character)) continue;
    columns += wide.test(character) ? 2 : 1;
  }
  return columns;
}

/** Fills up with spaces to a width; longer text stays as it is. */
export function pad(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, columns - columnsOf(text)));
  return align === 'left' ? text + space : space + text;
}

/** Cuts to at most `columns` columns, the last one an ellipsis when something is lost; keeps colours. */
export function truncate(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let kept = '';
  let used = 0;
  let coloured = false;
  const parts = text.split(/(\u001b\[[0-9;]*m)/);
  for (const part of parts) {
    if (part.startsWith('\u001b[')) {
      kept += part;
      coloured = true;
      continue;
    }
    for (const character of part) {
      const width = columnsOf(character);
      if (used + width > columns - 1) return `${kept}…${coloured ? '\u001b[0m' : ''}`;
      kept += character;
      used += width;
    }
  }
  return kept;
}

/**
 * Breaks a text into lines at spaces; a longer word is broken where it must be. Lines of the text stay lines,
 * and one that fits stays as it is: the mark under a quoted line must not move.
 */
export function wrapped(text: string, columns: number): string[] {
  return text.split('\n').flatMap((line) => (columnsOf(line) <= columns ? [line] : broken(line, columns)));
}

function broken(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((long) => pieces(long, columns))) {
    if (line !== '' && columnsOf(line) + 1 + columnsOf(word) > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function pieces(word: string, columns: number): string[] {
  if (columnsOf(word) <= columns) return [word];
  const found: string[] = [];
  let piece = '';
  for (const character of word) {
    if (columnsOf(piece + character) > columns) {
      found.push(piece);
      piece = '';
    }
    piece += character;
  }
  return [...found, piece];
}
