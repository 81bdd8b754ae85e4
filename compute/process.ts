/**
 * @file The parent's side of a compute process: one per device, kept alive between tasks so that data and
 * compiled programs stay warm, ended without mercy when it does not do as told.
 */
import type { ChildProcess } from 'node:child_process';
import type { SavedCheckpoint } from '../artifacts/checkpoints.js';
import { StageFailure } from '../custom/stage-failure.js';
import type { EngineInfo } from '../definition/stages.js';
import { DistilleryError } from '../errors/errors.js';
import { Stopped } from './context.js';
import type { ComputeMessage, ComputeRequest, ComputeTasks, Demands, TaskName } from './protocol.js';
import { watchGpuMemory } from './gpu-memory.js';
import { MemoryWatch } from './memory-watch.js';
import { LastLines } from './last-lines.js';
import { spawnCompute, type SpawnOptions } from './spawn.js';

/**
 * How long a told child may take: dropping work is quick, a checkpoint has to reach the store. A child in the
 * middle of a long step does not hear; a run that is cancelled or paused can wait for the end of a step.
 */
const graceMilliseconds = { drop: 800, cancel: 10_000 } as const;
/** The same for a worker that leaves: Ctrl-C must be over within two seconds. */
export const defaultGraceSeconds = 1.5;

export interface ComputeProcessOptions extends SpawnOptions {
  /** The engine is loaded and the store open. */
  readonly onReady?: (engine: EngineInfo) => void;
  /** How long a preempted task may take to write its checkpoint. Default 1.5. */
  readonly graceSeconds?: number;
}

export interface RunOptions {
  /** Aborted with a `Stopped` as its reason, the task is stopped; other reasons count as cancel. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Extract<ComputeMessage, { type: 'progress' }>['progress']) => void;
  /** Told of every checkpoint that the task has written. */
  readonly onCheckpoint?: (saved: SavedCheckpoint) => void;
  /**
   * Told how many bytes of memory the child holds (device `cpu`), and how many of its GPU are in use, where that
   * can be found out.
   */
  readonly onMemory?: (bytes: number, device: string) => void;
  /** Without a word from the child for so long it is killed. Default 300. */
  readonly stallTimeoutSeconds?: number;
  /** Looked at before the work starts. */
  readonly demands?: Demands;
}

interface Task {
  readonly id: number;
  readonly onProgress: RunOptions['onProgress'];
  readonly onCheckpoint: RunOptions['onCheckpoint'];
  readonly heard: () => void;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly memory: MemoryWatch;
}

export class ComputeProcess {
  private child: ChildProcess | undefined;
  private task: Task | undefined;
  private nextId = 1;
  /** Whether the child computes on a GPU; known once it is ready. */
  private gpu = false;
  private readonly stderr = new LastLines(20);

  constructor(private readonly options: ComputeProcessOptions) {}

  /** Process id of the child while there is one. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /**
   * Runs one task; a process runs one at a time.
   *
   * @throws Stopped once the task has been stopped by the signal
   * @throws StageFailure what a stage of a user's own type has thrown
   * @throws DistilleryError of the task, `ComputeFailed` when the child died, hung or could not start,
   *   `OutOfMemory` when it took more memory than it may have or than there was
   */
  async run<K extends TaskName>(
    task: K,
    input: ComputeTasks[K]['input'],
    options: RunOptions = {},
  ): Promise<ComputeTasks[K]['result']> {
    if (this.task !== undefined) throw new Error('the compute process is already running a task');
    const { signal, stallTimeoutSeconds = 300, demands = {}, onMemory } = options;
    const { graceSeconds = defaultGraceSeconds } = this.options;
    const stopReason = () => (signal?.reason instanceof Stopped ? signal.reason.reason : 'cancel');
    if (signal?.aborted === true) throw new Stopped(stopReason());

    const id = this.nextId++;
    const child = (this.child ??= this.spawn());
    const giveUp = (error: Error) => {
      this.fail(error);
      this.kill();
    };
    const stalled = () => {
      const reason = `made no progress for ${stallTimeoutSeconds} s and was killed; raise the stage's \`stallTimeout\` if its steps take longer`;
      giveUp(new DistilleryError('ComputeFailed', `The compute process ${reason}.`));
    };
    let stallTimer = setTimeout(stalled, stallTimeoutSeconds * 1000);
    let graceTimer: NodeJS.Timeout | undefined;
    const memory = new MemoryWatch(child.pid, task, {
      limit: this.options.memoryLimit,
      onExceeded: giveUp,
      onSample: onMemory && ((bytes) => onMemory(bytes, 'cpu')),
    });
    const gpu = this.options.device ?? '0';
    const leaveGpu =
      onMemory && this.gpu ? watchGpuMemory(gpu, (bytes) => onMemory(bytes, gpu)) : () => undefined;
    const stop = () => {
      const reason = stopReason();
      send(child, { type: 'stop', id, reason });
      graceTimer = setTimeout(
        () => {
          this.fail(new Stopped(reason));
          this.kill();
        },
        reason === 'preempt' ? graceSeconds * 1000 : graceMilliseconds[reason],
      );
    };
    try {
      return await new Promise<ComputeTasks[K]['result']>((resolve, reject) => {
        this.task = {
          id,
          onProgress: options.onProgress,
          onCheckpoint: options.onCheckpoint,
          heard: () => {
            clearTimeout(stallTimer);
            stallTimer = setTimeout(stalled, stallTimeoutSeconds * 1000);
          },
          // Typed where the task is implemented; between the processes it is JSON.
          resolve: (result) => resolve(result as ComputeTasks[K]['result']),
          reject,
          memory,
        };
        signal?.addEventListener('abort', stop, { once: true });
        send(child, { type: 'run', id, task, input, demands });
      });
    } catch (error) {
      if (error instanceof Stopped) throw new Stopped(stopReason());
      throw error;
    } finally {
      this.task = undefined;
      signal?.removeEventListener('abort', stop);
      clearTimeout(stallTimer);
      clearTimeout(graceTimer);
      memory.stop();
      leaveGpu();
    }
  }

  /** Ends the child; a running task fails. The next task starts a new one. */
  kill(): void {
    this.child?.kill('SIGKILL');
    this.child = undefined;
  }

  private spawn(): ChildProcess {
    const child = spawnCompute(this.options);
    this.stderr.clear();
    child.stderr?.on('data', (chunk: Buffer) => this.stderr.add(chunk.toString()));
    child.on('message', (message: ComputeMessage) => this.receive(message));
    child.on('error', (error) => this.lost(child, `could not be started: ${error.message}`));
    // 'close' comes after the last of stderr, 'exit' before it.
    child.on('close', (code, signal) => {
      const wanted = signal === 'SIGKILL' ? this.task?.memory.explainKill() : undefined;
      this.lost(child, howItEnded(code, signal), wanted);
    });
    return child;
  }

  private receive(message: ComputeMessage): void {
    if (message.type === 'ready') {
      this.task?.heard();
      this.gpu = message.engine.device.startsWith('gpu');
      this.options.onReady?.(message.engine);
      return;
    }
    const { task } = this;
    if (task?.id !== message.id) return;
    task.heard();
    switch (message.type) {
      case 'progress':
        task.onProgress?.(message.progress);
        break;
      case 'checkpoint':
        task.onCheckpoint?.(message.saved);
        break;
      case 'result':
        task.resolve(message.result);
        break;
      case 'error':
        task.reject(errorFrom(message));
        break;
      case 'failure':
        task.reject(new StageFailure(message.failure));
        break;
    }
  }

  private lost(child: ChildProcess, how: string, explanation?: Error): void {
    if (this.child !== child) return;
    this.child = undefined;
    const lines = this.stderr.text(3);
    const said = lines === '' ? '' : ` It last said: ${lines}`;
    this.fail(explanation ?? new DistilleryError('ComputeFailed', `The compute process ${how}.${said}`));
  }

  private fail(error: Error): void {
    this.task?.reject(error);
  }
}

function errorFrom({ code, message }: Extract<ComputeMessage, { type: 'error' }>): Error {
  if (code === 'Stopped') return new Stopped('cancel');
  return new DistilleryError(code, message);
}

function howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === 'SIGKILL') {
    return 'was killed (SIGKILL) from outside; where memory is short, use smaller batches or give it more';
  }
  return signal === null ? `ended with code ${String(code)}` : `was ended by ${signal}`;
}

/** A child that is gone says so by its 'close' event; a failed send has nothing to add. */
function send(child: ChildProcess, request: ComputeRequest): void {
  child.send(request, () => undefined);
}
