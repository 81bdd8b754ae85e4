/**
 * @file What distillery and the supervisor of a server tell each other.
 */

/** What a supervisor runs; its only argument, as JSON. */
export interface SupervisorTask {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Both output streams go here; at 8 MiB it becomes `<log>.1` and starts anew. */
  readonly log: string;
  /** Milliseconds from SIGTERM to SIGKILL. */
  readonly graceMs: number;
  /** A lock file to hold while the server runs; the start fails while another holds it. */
  readonly lock: string;
  /** A folder that goes with the server. */
  readonly removeOnExit?: string;
  /** A folder that goes with the server if its owner is gone by then. */
  readonly removeIfOrphaned?: string;
}

/** Parent to supervisor. */
export interface SupervisorOrder {
  readonly type: 'stop';
}

/** Supervisor to parent. */
export type SupervisorMessage =
  | { readonly type: 'started'; readonly pid: number }
  | {
      readonly type: 'exited';
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
      readonly error?: string;
    };
