/**
 * @file Notices work that keeps the worker's thread to itself, so that neither heartbeats nor workflows get a turn.
 */

const tickMilliseconds = 250;

export class ThreadWatch {
  private readonly timer: NodeJS.Timeout;
  private due = performance.now() + tickMilliseconds;
  private longest = 0;

  constructor() {
    this.timer = setInterval(() => this.tick(), tickMilliseconds);
  }

  /** Returns the longest time that nothing else got a turn, in seconds. */
  stop(): number {
    clearInterval(this.timer);
    this.tick();
    return this.longest / 1000;
  }

  private tick(): void {
    const now = performance.now();
    this.longest = Math.max(this.longest, now - this.due);
    this.due = now + tickMilliseconds;
  }
}
