/**
 * @file Pausing: what runs is stopped so that it keeps its work, what is to start waits, and what was stopped
 * is done again afterwards without being counted against any budget.
 */
import { CancellationScope, condition } from '@temporalio/workflow';
import type { Pause } from '../definition/stages.js';

export class PauseGate {
  private readonly running = new Set<CancellationScope>();

  /**
   * @param pause the pause that is in force already
   * @param onChange told when a pause begins or ends and when the last work has stopped
   */
  constructor(
    private pause: Pause | undefined,
    private readonly onChange: () => void = () => undefined,
  ) {}

  /** The pause in force. */
  get current(): Pause | undefined {
    return this.pause;
  }

  /** Whether a pause is in force and all work has stopped. */
  get still(): boolean {
    return this.pause !== undefined && this.running.size === 0;
  }

  close(pause: Pause): void {
    if (this.pause !== undefined) return;
    this.pause = pause;
    for (const scope of this.running) scope.cancel();
    this.onChange();
  }

  open(): void {
    this.pause = undefined;
    this.onChange();
  }

  /**
   * Waits while a pause is in force.
   * @throws CancelledFailure when the surrounding scope is cancelled meanwhile
   */
  async passed(): Promise<void> {
    if (this.pause !== undefined) await condition(() => this.pause === undefined);
  }

  /** Does the work once no pause is in force; a pause cancels it, and it is done again afterwards. */
  async guard<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      if (this.pause !== undefined) await this.passed();
      const scope = new CancellationScope();
      this.running.add(scope);
      try {
        return await scope.run(work);
      } catch (error) {
        const stoppedHere = scope.consideredCancelled && !CancellationScope.current().consideredCancelled;
        if (!stoppedHere) throw error;
      } finally {
        this.running.delete(scope);
        if (this.still) this.onChange();
      }
    }
  }
}
