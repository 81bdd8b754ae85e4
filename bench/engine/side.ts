/**
 * @file One side of a comparison as a child process, asked by lines of text and answering by lines of JSON.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { LastLines } from '../../compute/last-lines.js';
import { DistilleryError } from '../../errors/errors.js';

/** What a side says once it is ready. */
export interface SideDescription {
  /** Library and version. */
  readonly ready: string;
  readonly device: string;
  readonly threads: number;
}

export class Side {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: AsyncIterator<string, undefined>;
  readonly #reader: Interface;
  readonly #stderr = new LastLines(20);

  /** @param name for messages */
  constructor(
    readonly name: string,
    program: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
  ) {
    this.#child = spawn(program, args, {
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stderr.on('data', (chunk: Buffer) => this.#stderr.add(chunk.toString()));
    // What is asked of a side that has died is answered by the end of its output.
    this.#child.stdin.on('error', () => undefined);
    this.#child.on('error', (error) => this.#stderr.add(`${error.message}\n`));
    this.#reader = createInterface({ input: this.#child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /** Waits until the libraries are loaded and the inputs read. */
  async ready(): Promise<SideDescription> {
    return this.answer<SideDescription>();
  }

  /** Has the numbers of the work written beside its inputs. */
  async check(): Promise<void> {
    await this.#ask('check');
  }

  /** Seconds of one repetition, by the side's own clock. */
  async run(): Promise<number> {
    const { seconds } = await this.#ask<{ readonly seconds: number }>('run');
    return seconds;
  }

  /** Most memory that the process has had resident so far, in bytes; undefined where Linux does not say. */
  peakBytes(): number | undefined {
    return peakBytesOf(this.#child.pid);
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'close');
    this.#child.stdin.end();
    await ended;
  }

  #ask<T>(request: string): Promise<T> {
    this.#child.stdin.write(`${request}\n`);
    return this.answer<T>();
  }

  /** The next line of JSON, which its program writes as `T`; libraries may print other lines. */
  async answer<T>(): Promise<T> {
    for (;;) {
      const line: IteratorResult<string, undefined> = await this.#lines.next();
      if (line.done === true)
        throw new DistilleryError(
          'ComputeFailed',
          `The ${this.name} side of the benchmark ended by itself: ${this.#stderr.text(6) || 'it said nothing'}`,
        );
      if (line.value.startsWith('{')) return JSON.parse(line.value) as T;
    }
  }
}

/** `VmHWM` of a process, in bytes. */
export function peakBytesOf(pid: number | undefined): number | undefined {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}
