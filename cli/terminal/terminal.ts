/**
 * @file Where a command writes: a stream, its width and its colours. Tests hand in their own.
 */
import picocolors from 'picocolors';

type Colours = ReturnType<typeof picocolors.createColors>;

export interface Terminal {
  readonly colours: Colours;
  /** Whether lines may be redrawn. False in a pipe, a file and a CI log. */
  readonly interactive: boolean;
  /** Columns to lay out for: the window's, or 80 where there is none. */
  readonly columns: number;
  /** Rows of the window; redrawn blocks must stay below it. */
  readonly rows: number;
  /** Writes as it is. What came from elsewhere must have gone through `printable` before. */
  write(text: string): void;
  /** Writes one line. */
  line(text?: string): void;
}

/**
 * A terminal on a stream of this process. Colours only where the stream is a TTY, `NO_COLOR` is unset or
 * empty and `TERM` is not `dumb`; `FORCE_COLOR` is for people who pipe into a pager.
 */
export function terminalOn(stream: NodeJS.WriteStream, environment = process.env): Terminal {
  const interactive = stream.isTTY && environment['TERM'] !== 'dumb';
  const forced = (environment['FORCE_COLOR'] ?? '') !== '' && environment['FORCE_COLOR'] !== '0';
  const forbidden = (environment['NO_COLOR'] ?? '') !== '';
  return {
    colours: picocolors.createColors(!forbidden && (interactive || forced)),
    interactive,
    get columns() {
      return interactive && stream.columns > 0 ? stream.columns : 80;
    },
    get rows() {
      return interactive && stream.rows > 0 ? stream.rows : 24;
    },
    write: (text) => void stream.write(text),
    line: (text = '') => void stream.write(`${text}\n`),
  };
}

/** A terminal that keeps what is written, for tests. */
export function terminalInMemory(columns = 80): Terminal & { readonly text: string } {
  const written: string[] = [];
  return {
    colours: picocolors.createColors(false),
    interactive: false,
    columns,
    rows: 24,
    write: (text) => void written.push(text),
    line: (text = '') => void written.push(`${text}\n`),
    get text() {
      return written.join('');
    },
  };
}
