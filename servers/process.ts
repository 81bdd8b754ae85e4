/**
 * @file A server process that cannot outlive us.
 */
import { fork } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { platform } from 'node:os';
import { DistilleryError } from '../errors/errors.js';
import { findOnPath } from '../setup/command.js';
import type { SupervisorMessage, SupervisorOrder, SupervisorTask } from './supervision.js';

/** How a server ended. */
export interface ServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running server program. */
export interface ServerProcess {
  readonly pid: number;
  /** Resolves when the server has ended, for whatever reason. */
  readonly exited: Promise<ServerExit>;
  /** SIGTERM, then SIGKILL after the grace time. Resolves when it is gone; may be called again. */
  stop(): Promise<void>;
}

/**
 * Starts a program under a supervisor, in a process group of its own: Ctrl-C at the terminal reaches only
 * us, and we stop the servers last. It ends when this process ends, even by kill -9.
 * Throws `ServerUnavailable` when the program cannot be run.
 */
export async function startProcess(task: SupervisorTask): Promise<ServerProcess> {
  mkdirSync(dirname(task.log), { recursive: true });
  const supervisor = fork(
    fileURLToPath(new URL('./supervisor.js', import.meta.url)),
    [JSON.stringify(boundToParent(task))],
    // Without our own flags: a debugger port or a test runner's options would get in its way.
    { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: [], cwd: task.cwd },
  );
  let ended = false;
  let reportedExit: ServerExit | undefined;
  let startError = `its supervisor ended`;
  const exited = new Promise<ServerExit>((resolve) => {
    supervisor.once('exit', (code, signal) => {
      ended = true;
      resolve(reportedExit ?? { code, signal });
    });
  });
  const pid = await new Promise<number | undefined>((resolve) => {
    supervisor.on('message', (message: SupervisorMessage) => {
      if (message.type === 'started') resolve(message.pid);
      else {
        reportedExit = { code: message.code, signal: message.signal };
        if (message.error !== undefined) startError = message.error;
      }
    });
    supervisor.once('error', (error) => {
      startError = error.message;
      resolve(undefined);
    });
    void exited.then(() => resolve(undefined));
  });
  if (pid === undefined) {
    throw new DistilleryError('ServerUnavailable', `cannot start ${task.file}: ${startError}`);
  }
  // A caller that only forgets about the server must still be able to exit.
  supervisor.unref();
  supervisor.channel?.unref();
  return {
    pid,
    exited,
    async stop(): Promise<void> {
      if (ended) return;
      supervisor.ref();
      supervisor.channel?.ref();
      const order: SupervisorOrder = { type: 'stop' };
      if (supervisor.connected) supervisor.send(order, () => undefined);
      const last = setTimeout(() => killGroup(supervisor.pid), task.graceMs + 2_000);
      await exited;
      clearTimeout(last);
    },
  };
}

/** On Linux the kernel itself ends the server should even the supervisor be killed. */
function boundToParent(task: SupervisorTask): SupervisorTask {
  const setpriv = platform() === 'linux' ? findOnPath(['setpriv']) : undefined;
  if (setpriv === undefined) return task;
  return { ...task, file: setpriv, args: ['--pdeathsig', 'KILL', task.file, ...task.args] };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

/** The last lines of a server's log, for an error message. */
export function logTail(path: string, lines = 5): string {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, 4096));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8').trim().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
