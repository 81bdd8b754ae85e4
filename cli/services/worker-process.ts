/**
 * @file One worker as a child process: started, watched, started again when it dies, stopped.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { DistilleryError } from '../../errors/errors.js';
import type { WorkerEvent } from '../../worker/events.js';
import type { Environment } from '../state/client-environment.js';
import type { EventSink } from '../terminal/event-log.js';
import { managedMark } from './managed-mark.js';

export type WorkerQueue = 'pipeline' | 'compute';

const mainScript = fileURLToPath(new URL('../main.js', import.meta.url));
/** A worker that is told to stop and does not is killed after this; its work is checkpointed. */
const stopPatienceMs = 15_000;
const longestRestartDelayMs = 30_000;
/** A worker that has lived so long has started well: the next wait is short again. */
const healthyMs = 60_000;
const longestLine = 1_000;

export interface WorkerProcessOptions {
  readonly queue: WorkerQueue;
  readonly environment: Environment;
  /** Further arguments of the command, such as `--threads 2`. */
  readonly args?: readonly string[];
  /** What happens to the process, and anything that it prints. */
  readonly event: EventSink;
  /** What the worker says about its work. */
  readonly onEvent: (queue: WorkerQueue, event: WorkerEvent) => void;
  /** Told the process id of every start. */
  readonly onStart: (pid: number) => void;
}

/** Keeps one worker running until `stop`. */
export class WorkerProcess {
  private child: ChildProcess | undefined;
  private restart: NodeJS.Timeout | undefined;
  private restarts = 0;
  private stopping = false;

  constructor(private readonly options: WorkerProcessOptions) {}

  /** Resolves once the worker polls its queue. Rejects when it ends before. */
  start(): Promise<void> {
    const { queue } = this.options;
    return new Promise((resolve, reject) => {
      let ready = false;
      const startedAt = performance.now();
      const child = this.spawn();
      this.child = child;
      child.on('message', (event: WorkerEvent) => {
        if (event.type === 'listening') {
          ready = true;
          resolve();
        }
        this.options.onEvent(queue, event);
      });
      child.once('error', reject);
      // 'close' comes after the last output, which may be the reason.
      child.once('close', (code, signal) => {
        this.child = undefined;
        if (this.stopping) resolve();
        else if (ready || this.restarts > 0)
          this.startAgain(how(code, signal), performance.now() - startedAt, resolve);
        else reject(this.failure(how(code, signal)));
      });
    });
  }

  /** Ends the worker: SIGTERM, and SIGKILL when that does not help. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.restart);
    const { child } = this;
    if (child === undefined) return;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopPatienceMs);
    await ended;
    clearTimeout(timer);
  }

  private spawn(): ChildProcess {
    const { queue, environment, args = [], event, onStart } = this.options;
    const child = spawn(process.execPath, [mainScript, 'worker', '--queue', queue, ...args], {
      env: { ...environment, NO_COLOR: '1', [managedMark]: '1' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A group of its own: Ctrl-C in the terminal reaches us alone, and we stop things in order.
      detached: true,
    });
    if (child.pid !== undefined) onStart(child.pid);
    for (const stream of [child.stdout, child.stderr])
      onLine(stream, (line) => {
        event(queue, line);
      });
    return child;
  }

  private startAgain(reason: string, lifeMs: number, onReady: () => void): void {
    const { queue, event } = this.options;
    this.restarts = lifeMs > healthyMs ? 1 : this.restarts + 1;
    const delay = Math.min(longestRestartDelayMs, 500 * 2 ** this.restarts);
    event(queue, `worker ${reason}; starts again in ${delay / 1000} s`);
    this.restart = setTimeout(() => {
      this.start().then(
        () => {
          event(queue, 'worker ready again');
          onReady();
        },
        (error: unknown) => event(queue, String(error)),
      );
    }, delay);
  }

  private failure(reason: string): DistilleryError {
    return new DistilleryError(
      'ServerUnavailable',
      `The ${this.options.queue} worker ${reason} before it was ready; its last lines say why.`,
    );
  }
}

function onLine(stream: Readable | null, handle: (line: string) => void): void {
  if (stream === null) return;
  createInterface({ input: stream }).on('line', (line) => {
    if (line.trim() !== '') handle(line.slice(0, longestLine));
  });
}

function how(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `ended with exit code ${code ?? 'unknown'}` : `was ended by ${signal}`;
}
