/**
 * @file The process between distillery and a server that it started. It ends the server when distillery
 * goes, however it goes: the IPC channel closes even on kill -9. It also keeps the log bounded.
 *
 * Run as `node supervisor.js JSON`, with an IPC channel.
 */
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { tryLock } from '../setup/lock.js';
import type { SupervisorMessage, SupervisorTask } from './supervision.js';

const logLimit = 8 * 1024 * 1024;

const task = JSON.parse(process.argv[2] ?? '') as SupervisorTask;

class BoundedLog {
  #file: number;
  #bytes: number;

  constructor(readonly path: string) {
    this.#file = openSync(path, 'a', 0o600);
    this.#bytes = fstatSync(this.#file).size;
  }

  write(chunk: Buffer): void {
    if (this.#bytes > logLimit) {
      closeSync(this.#file);
      renameSync(this.path, `${this.path}.1`);
      this.#file = openSync(this.path, 'a', 0o600);
      this.#bytes = 0;
    }
    this.#bytes += chunk.length;
    writeSync(this.#file, chunk);
  }
}

function say(message: SupervisorMessage): void {
  // The parent may be gone already; then there is nobody to tell.
  if (process.connected) process.send?.(message, () => undefined);
}

const lock = tryLock(task.lock);
if (!('release' in lock)) {
  say({ type: 'exited', code: null, signal: null, error: `process ${lock.pid} holds ${task.lock}` });
  process.disconnect();
  process.exit(1);
}
const log = new BoundedLog(task.log);
const child = spawn(task.file, task.args, {
  cwd: task.cwd,
  env: { ...process.env, ...task.env },
  stdio: ['ignore', 'pipe', 'pipe'],
});
const write = (chunk: Buffer): void => {
  try {
    log.write(chunk);
  } catch {
    // A full disk must not end the server.
  }
};
child.stdout.on('data', write);
child.stderr.on('data', write);

let stopping = false;
function stop(): void {
  if (stopping) return;
  stopping = true;
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), task.graceMs);
}

child.once('spawn', () => say({ type: 'started', pid: child.pid ?? 0 }));
child.once('error', (error) => {
  say({ type: 'exited', code: null, signal: null, error: error.message });
  process.exit(1);
});
child.once('close', (code, signal) => {
  const orphaned = process.connected ? undefined : task.removeIfOrphaned;
  for (const folder of [task.removeOnExit, orphaned]) {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
  lock.release();
  say({ type: 'exited', code, signal });
  setTimeout(() => process.exit(0), 20);
});
// The only order there is.
process.on('message', stop);
process.once('disconnect', stop);
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
