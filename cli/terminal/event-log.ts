/**
 * @file One line per event: `12:03:04  temporal   ready on 127.0.0.1:7233`.
 */
import { printable } from './escape.js';
import { formatClock } from './format.js';
import type { Terminal } from './terminal.js';
import { pad } from './width.js';

export type EventSink = (source: string, message: string) => void;

const sourceColumns = 9;

/** An event as one line; text from elsewhere is escaped here. */
export function eventLine(
  source: string,
  message: string,
  { dim, bold }: Terminal['colours'],
  at: Date = new Date(),
): string {
  return `${dim(formatClock(at))}  ${bold(pad(printable(source), sourceColumns))}  ${printable(message)}`;
}

/** Writes events of long-running commands as they happen. */
export function eventLog(terminal: Terminal): EventSink {
  return (source, message) => terminal.line(eventLine(source, message, terminal.colours));
}
