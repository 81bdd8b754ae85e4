/**
 * @file Keeps a compute process below its limit of memory, and says what to do when it was not.
 */
import { DistilleryError } from '../errors/errors.js';
import { bytesInWords, countOutOfMemoryKills, memoryOf } from './memory.js';
import type { TaskName } from './protocol.js';

const sampleMilliseconds = 1000;

/** Settings of the definition that decide how much a task needs. */
const settings: Readonly<Record<TaskName, string>> = {
  trainExpert: 'a smaller `batchSize` of train-experts or a smaller `width` of the network',
  distillChunk:
    "a smaller `batchSyn` in distill's `method`, a smaller `ipc` or a smaller `width` of the network",
  selectImages: "a smaller `batchSize` in select's `method` or a smaller `width` of the network",
  evaluateNetwork: 'a smaller `batchSize` of evaluate or a smaller `width` of its networks',
  computeStage: 'settings with which the function of the stage holds less at a time',
};

/** What to do about a task that takes too much. */
export function memoryRemedy(task: TaskName): string {
  return (
    `Choose ${settings[task]}; or give the worker more memory, ` +
    'fewer `--slots` or, where there is more, a higher `--memory-limit`.'
  );
}

export interface MemoryWatchOptions {
  /** Bytes; no limit when absent. */
  readonly limit: number | undefined;
  /** Called once, with the error that the task is to fail with. */
  readonly onExceeded: (error: DistilleryError) => void;
  /** Told the bytes held, every second. */
  readonly onSample?: ((bytes: number) => void) | undefined;
  /** How often the kernel has killed for want of memory. */
  readonly countKills?: () => number | undefined;
}

/** Looks at a process every second while a task runs in it. */
export class MemoryWatch {
  readonly #killsBefore: number | undefined;
  readonly #timer: NodeJS.Timeout | undefined;

  readonly #limit: number | undefined;
  readonly #countKills: () => number | undefined;

  constructor(
    pid: number | undefined,
    private readonly task: TaskName,
    { limit, onExceeded, onSample, countKills = countOutOfMemoryKills }: MemoryWatchOptions,
  ) {
    this.#limit = limit;
    this.#countKills = countKills;
    this.#killsBefore = countKills();
    if (pid === undefined || (limit === undefined && onSample === undefined)) return;
    this.#timer = setInterval(() => {
      void memoryOf(pid).then((held) => {
        if (held === undefined) return;
        onSample?.(held);
        if (limit === undefined || held <= limit) return;
        this.stop();
        onExceeded(
          this.#error(
            `took ${bytesInWords(held)} of memory, its limit is ${bytesInWords(limit)}, and was stopped`,
          ),
        );
      });
    }, sampleMilliseconds);
  }

  /** The error of a process that was killed from outside, when the kernel did it for want of memory. */
  explainKill(): DistilleryError | undefined {
    const before = this.#killsBefore;
    const after = this.#countKills();
    if (before === undefined || after === undefined || after <= before) return undefined;
    const limit = this.#limit === undefined ? '' : ` below its limit of ${bytesInWords(this.#limit)}`;
    return this.#error(`was killed by the kernel because memory had run out${limit}`);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #error(what: string): DistilleryError {
    return new DistilleryError('OutOfMemory', `The compute process ${what}. ${memoryRemedy(this.task)}`);
  }
}
