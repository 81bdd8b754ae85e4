/**
 * @file What a stage is told from outside while it runs, and what it would discard when it is told to.
 */
import { condition, setHandler } from '@temporalio/workflow';
import type { UnitOfWork } from '../compute/protocol.js';
import type { Pause } from '../definition/stages.js';
import { stageDiscard, stagePause, stageResume, stageRetry } from './messages.js';
import { PauseGate } from './pause-gate.js';

/** So many unfinished units are remembered from run to run: they travel in one message. */
const rememberedUnits = 256;

/** What a stage has been told and not done yet, for its next run. */
export interface CarriedControl {
  readonly paused?: Pause;
  readonly discard?: true;
  readonly unfinished?: readonly (readonly [name: string, unit: UnitOfWork])[];
}

export class StageControl {
  readonly gate: PauseGate;
  /** Units of work that have begun and have no result, by name. */
  readonly unfinished: Map<string, UnitOfWork>;
  private discarding: boolean;
  private retrying = false;

  /** @param onChange told when a pause begins, has stopped all work, or ends */
  constructor({ paused, discard, unfinished }: CarriedControl, onChange: () => void) {
    this.gate = new PauseGate(paused, onChange);
    this.discarding = discard === true;
    this.unfinished = new Map(unfinished);
  }

  /** Begins to take signals, also those that have come already. */
  listen(): void {
    setHandler(stagePause, (pause) => this.gate.close(pause));
    setHandler(stageResume, () => this.gate.open());
    setHandler(stageDiscard, () => {
      this.discarding = true;
    });
    setHandler(stageRetry, () => {
      this.retrying = true;
    });
  }

  /** Whether the checkpoints of unfinished work are to be removed when the stage is cancelled. */
  get discard(): boolean {
    return this.discarding;
  }

  get carried(): CarriedControl {
    const paused = this.gate.current;
    return {
      ...(paused && { paused }),
      ...(this.discarding && { discard: true }),
      unfinished: [...this.unfinished].slice(0, rememberedUnits),
    };
  }

  /**
   * Waits to be told to try again; what was said before does not count.
   * @throws CancelledFailure when the stage is cancelled meanwhile
   */
  async retry(): Promise<void> {
    this.retrying = false;
    await condition(() => this.retrying);
  }
}
