/**
 * @file The compute processes of one worker: one per device, tasks take whichever is free.
 */
import { Stopped } from './context.js';
import { ComputeProcess, type ComputeProcessOptions, type RunOptions } from './process.js';
import type { ComputeTasks, TaskName } from './protocol.js';

export interface ComputePoolOptions extends Omit<ComputeProcessOptions, 'device'> {
  /** Tasks at once. */
  readonly slots: number;
  /** CUDA device of each slot, in order; without it every slot sees all devices. */
  readonly devices?: readonly string[];
}

export class ComputePool {
  private readonly processes: readonly ComputeProcess[];
  private readonly free: ComputeProcess[];
  private readonly waiting: ((process: ComputeProcess) => void)[] = [];

  constructor({ slots, devices, ...options }: ComputePoolOptions) {
    this.processes = Array.from({ length: slots }, (_, slot) => {
      const device = devices?.[slot];
      return new ComputeProcess({ ...options, ...(device !== undefined && { device }) });
    });
    this.free = [...this.processes].reverse();
  }

  /** Runs a task on the next free process; errors as of `ComputeProcess.run`. */
  async run<K extends TaskName>(
    task: K,
    input: ComputeTasks[K]['input'],
    options: RunOptions = {},
  ): Promise<ComputeTasks[K]['result']> {
    const slot = await this.acquire(options.signal);
    try {
      return await slot.run(task, input, options);
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.free.push(slot);
      else next(slot);
    }
  }

  /** Ends all processes at once; running tasks fail. */
  close(): void {
    for (const process of this.processes) process.kill();
  }

  private acquire(signal: AbortSignal | undefined): Promise<ComputeProcess> {
    if (signal?.aborted === true) return Promise.reject(stopped(signal));
    const idle = this.free.pop();
    if (idle !== undefined) return Promise.resolve(idle);
    return new Promise((resolve, reject) => {
      const take = (free: ComputeProcess) => {
        signal?.removeEventListener('abort', leave);
        resolve(free);
      };
      const leave = () => {
        this.waiting.splice(this.waiting.indexOf(take), 1);
        reject(stopped(signal));
      };
      this.waiting.push(take);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }
}

function stopped(signal: AbortSignal | undefined): Stopped {
  return signal?.reason instanceof Stopped ? signal.reason : new Stopped('cancel');
}
