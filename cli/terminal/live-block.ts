/**
 * @file A block of lines that is redrawn in place, without flicker and without scrolling.
 */
import type { Terminal } from './terminal.js';
import { truncate } from './width.js';

const escape = '\u001b[';
/** Terminals that know it show the update at once; the others ignore it. */
const beginUpdate = `${escape}?2026h`;
const endUpdate = `${escape}?2026l`;
const eraseToLineEnd = `${escape}K`;
const eraseBelow = `${escape}J`;
const hideCursor = `${escape}?25l`;
const showCursor = `${escape}?25h`;

/**
 * Redraws by overwriting line by line (never by clearing first) in a single write, and only when
 * something changed.
 */
export class LiveBlock {
  private drawn: readonly string[] = [];
  private started = false;

  constructor(private readonly terminal: Terminal) {}

  /** Replaces the block. Lines are cut to the window, and the block to its height. */
  draw(lines: readonly string[]): void {
    const height = Math.max(1, this.terminal.rows - 1);
    const fitting = lines.slice(0, height).map((line) => truncate(line, this.terminal.columns - 1));
    if (this.started && fitting.join('\n') === this.drawn.join('\n')) return;
    this.update('', fitting);
  }

  /** Prints lines that stay, above the block. */
  above(line: string): void {
    const whole = line.replaceAll('\n', `${eraseToLineEnd}\n`);
    if (this.started) this.update(`${whole}${eraseToLineEnd}\n`, this.drawn);
    else this.terminal.line(line);
  }

  /** Leaves the last drawing where it is and gives the cursor back. Safe to call twice. */
  end(): void {
    if (this.started) this.terminal.write(showCursor);
    this.started = false;
    this.drawn = [];
  }

  private update(before: string, lines: readonly string[]): void {
    const up = this.drawn.length > 0 ? `${escape}${this.drawn.length}F` : '';
    const body = lines.map((line) => `${line}${eraseToLineEnd}\n`).join('');
    const start = `${beginUpdate}${this.started ? '' : hideCursor}${up}`;
    this.terminal.write(`${start}${before}${body}${eraseBelow}${endUpdate}`);
    this.drawn = lines;
    this.started = true;
  }
}
