/**
 * @file Runs a program to its end, with a time limit and a short memory of what it said.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface CommandOptions {
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The program is killed after this many milliseconds. */
  readonly timeoutMs?: number;
  /** Gives the program a process group of its own, so that a kill reaches its children as well. */
  readonly ownGroup?: boolean;
  /** Aborting kills the program. */
  readonly signal?: AbortSignal;
}

export interface CommandResult {
  /** Exit status; null when it was killed or could not be started. */
  readonly status: number | null;
  /** Why it did not end by itself. */
  readonly stopped: 'timeout' | 'aborted' | 'not found' | undefined;
  readonly stdout: string;
  /** Last 8 kB of both streams, for messages. */
  readonly tail: string;
}

/** Never rejects: the caller reads the result. The program gets no input. */
export function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: options.ownGroup === true,
    });
    let stdout = '';
    let tail = '';
    let stopped: CommandResult['stopped'];
    const stop = (reason: 'timeout' | 'aborted'): void => {
      stopped ??= reason;
      if (options.ownGroup === true) killGroup(child.pid);
      else child.kill('SIGKILL');
    };
    const timer =
      options.timeoutMs === undefined ? undefined : setTimeout(() => stop('timeout'), options.timeoutMs);
    const onAbort = (): void => stop('aborted');
    options.signal?.addEventListener('abort', onAbort);
    const finish = (status: number | null): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      resolve({ status, stopped, stdout, tail: tail.trim() });
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      tail = (tail + text).slice(-8192);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-8192);
    });
    child.once('error', (error) => {
      stopped ??= 'not found';
      tail += error.message;
      finish(null);
    });
    child.once('close', (status) => finish(status));
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

/** The first of several programs that is on PATH, as an absolute path. */
export function findOnPath(
  names: readonly string[],
  path: string = process.env['PATH'] ?? '',
): string | undefined {
  for (const name of names) {
    for (const folder of path.split(delimiter)) {
      const candidate = join(folder, name);
      if (folder !== '' && isExecutable(candidate)) return candidate;
    }
  }
  return undefined;
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
