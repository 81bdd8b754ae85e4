/**
 * @file Shows a run while it goes on: a tree redrawn in place on a terminal, plain lines anywhere else.
 */
import { eventLine, type EventSink } from '../terminal/event-log.js';
import { LiveBlock } from '../terminal/live-block.js';
import type { Terminal } from '../terminal/terminal.js';
import { ProgressLines } from './progress-lines.js';
import { treeLines } from './tree.js';
import type { RunView } from './view.js';

export interface RunDisplay {
  /** Shows the newest picture; `now` in milliseconds. */
  show(run: RunView, now: number): void;
  /** Something else that happened meanwhile; stays readable. */
  readonly event: EventSink;
  /** Leaves the last picture on the screen. */
  end(): void;
}

export function runDisplay(terminal: Terminal): RunDisplay {
  return terminal.interactive ? liveDisplay(terminal) : plainDisplay(terminal);
}

function liveDisplay(terminal: Terminal): RunDisplay {
  const block = new LiveBlock(terminal);
  return {
    show: (run, now) =>
      block.draw(treeLines(run, { colours: terminal.colours, columns: terminal.columns - 1 }, now)),
    event: (source, message) => block.above(eventLine(source, message, terminal)),
    end: () => block.end(),
  };
}

function plainDisplay(terminal: Terminal): RunDisplay {
  const progress = new ProgressLines();
  return {
    show: (run, now) => {
      for (const { source, message } of progress.next(run, now))
        terminal.line(eventLine(source, message, terminal));
    },
    event: (source, message) => terminal.line(eventLine(source, message, terminal)),
    end: () => undefined,
  };
}
