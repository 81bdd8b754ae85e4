/**
 * @file What a task is given to work with.
 */
import type { ArtifactStore } from '../artifacts/store.js';
import type { UnitProgress } from '../definition/stages.js';
import type { Device } from '../tensor/device.js';

/** Thrown inside a task when it has been told to stop; it is not an error of the work. */
export class Stopped extends Error {
  constructor(readonly reason: 'cancel' | 'preempt') {
    super(`stopped: ${reason}`);
  }
}

export interface TaskContext {
  readonly store: ArtifactStore;
  readonly device: Device;
  /** Set once the task is to stop; look at it between steps. */
  stopRequested(): 'cancel' | 'preempt' | undefined;
  /** Lets messages in; await it between steps that compute without awaiting. */
  breathe(): Promise<void>;
  report(progress: Omit<UnitProgress, 'worker'>): void;
}
