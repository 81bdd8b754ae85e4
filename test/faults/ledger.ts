/**
 * @file What the workers have computed: every attempt at a unit of work with the checkpoints it wrote, so
 * that it can be said what an interruption cost. Times are seconds of one clock.
 */
import type { TaskEvent } from '../../activities/index.js';

/** One attempt at a unit of work. */
export interface Attempt {
  /** Stage and unit, for example `run-3/experts expert 0`. */
  readonly unit: string;
  readonly worker: string;
  readonly startedAt: number;
  endedAt?: number;
  /** Whether it came to a result. */
  finished: boolean;
  /** The checkpoint that it went on from, if it read any. */
  resumedFrom?: number;
  readonly written: { readonly sequence: number; readonly at: number }[];
}

/** Something went on: a task began or ended well, a checkpoint was stored. */
export interface Sign {
  readonly at: number;
  readonly worker: string;
  readonly what: 'started' | 'finished' | 'stored';
  /** The unit, where it is known. */
  readonly unit: string | undefined;
}

export class Ledger {
  readonly attempts: Attempt[] = [];
  damagedObjects = 0;
  /** Told of every sign of progress. */
  onSign: (sign: Sign) => void = () => undefined;
  readonly #open = new Map<string, Attempt>();
  readonly #frozenAt = new Map<string, number>();
  readonly #damaged = new Map<string, number>();
  readonly #met = new Set<number>();

  constructor(readonly now: () => number) {}

  /** The unit that a worker is at. */
  current(worker: string): string | undefined {
    return this.#open.get(worker)?.unit;
  }

  task(worker: string, event: TaskEvent): void {
    const unit = `${event.workflowId} ${event.unit}`;
    if (event.state === 'started') {
      this.#supersede(unit);
      const attempt = { unit, worker, startedAt: this.now(), finished: false, written: [] };
      this.attempts.push(attempt);
      this.#open.set(worker, attempt);
      this.#sign(worker, 'started', unit);
      return;
    }
    const attempt = this.#open.get(worker);
    if (attempt?.unit !== unit) return;
    if (event.state === 'finished') attempt.finished = true;
    this.#close(attempt, this.now());
    if (attempt.finished) this.#sign(worker, 'finished', unit);
  }

  /** The worker is gone, and with it what it was at. */
  lost(worker: string): void {
    const attempt = this.#open.get(worker);
    if (attempt !== undefined) this.#close(attempt, this.#frozenAt.get(worker) ?? this.now());
  }

  frozen(worker: string): void {
    this.#frozenAt.set(worker, this.now());
  }

  thawed(worker: string): void {
    this.#frozenAt.delete(worker);
  }

  written(worker: string, key: string, sequence: number): void {
    // Written anew, it is whole again.
    this.#damaged.delete(key);
    const attempt = this.#open.get(worker);
    attempt?.written.push({ sequence, at: this.now() });
    this.#sign(worker, 'stored', attempt?.unit);
  }

  read(worker: string, key: string, sequence: number): void {
    const damage = this.#damaged.get(key);
    if (damage !== undefined) this.#met.add(damage);
    const attempt = this.#open.get(worker);
    // Of several reads the last one counts: those before it were found damaged.
    if (attempt !== undefined) attempt.resumedFrom = sequence;
  }

  /** Somebody has spoiled an object that can still be read. */
  spoiled(key: string): void {
    this.damagedObjects += 1;
    this.#damaged.set(key, this.damagedObjects);
  }

  /** Damaged objects that were read by a worker while they were damaged. */
  get damagedMet(): number {
    return this.#met.size;
  }

  /** A unit begins again while an attempt at it is still open: nobody waits for that one any more. */
  #supersede(unit: string): void {
    for (const attempt of [...this.#open.values()]) {
      if (attempt.unit === unit) this.#close(attempt, this.#frozenAt.get(attempt.worker) ?? this.now());
    }
  }

  #close(attempt: Attempt, at: number): void {
    attempt.endedAt = at;
    this.#open.delete(attempt.worker);
  }

  #sign(worker: string, what: Sign['what'], unit: string | undefined): void {
    this.onSign({ at: this.now(), worker, what, unit });
  }
}
