/**
 * @file One line per event: `12:03:04  temporal   ready on 127.0.0.1:7233`.
 */
import { printable } from './escape.js';
import { formatClock } from './format.js';
import type { Terminal } from './terminal.js';
import { columnsOf, pad, wrapped } from './width.js';

export type EventSink = (source: string, message: string) => void;

const sourceColumns = 9;

/** An event in one line, or on a narrow terminal in several; text from elsewhere is escaped here. */
export function eventLine(
  source: string,
  message: string,
  { colours: { dim, bold }, interactive, columns }: Pick<Terminal, 'colours' | 'interactive' | 'columns'>,
  at: Date = new Date(),
): string {
  const clock = formatClock(at);
  const name = pad(printable(source), sourceColumns);
  const indent = clock.length + columnsOf(name) + 4;
  const text = printable(message);
  // Whatever reads a pipe or a file wants one line for one event.
  const lines = interactive ? wrapped(text, Math.max(20, columns - indent - 1)) : [text];
  return `${dim(clock)}  ${bold(name)}  ${lines.join(`\n${' '.repeat(indent)}`)}`;
}

/** Writes events of long-running commands as they happen. */
export function eventLog(terminal: Terminal): EventSink {
  return (source, message) => terminal.line(eventLine(source, message, terminal));
}
