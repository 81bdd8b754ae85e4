/**
 * @file What a task is given to work with.
 */
import type { SavedCheckpoint } from '../artifacts/checkpoints.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { ImageRoom } from '../datasets/load.js';
import type { UnitProgress } from '../definition/stages.js';
import type { Device } from '../tensor/device.js';
import type { CheckpointInterval } from './checkpoint-policy.js';

/**
 * Why a task is told to stop.
 * - `preempt`: the worker is leaving; a checkpoint, if it can be written soon.
 * - `cancel`: the run was cancelled or paused; a checkpoint, with patience.
 * - `drop`: the attempt was given up and may have a successor; nothing is written any more.
 */
export type StopReason = 'preempt' | 'cancel' | 'drop';

/** Thrown inside a task when it has been told to stop; it is not an error of the work. */
export class Stopped extends Error {
  constructor(readonly reason: StopReason) {
    super(`stopped: ${reason}`);
  }
}

export interface TaskContext {
  readonly store: ArtifactStore;
  readonly device: Device;
  readonly checkpointInterval: CheckpointInterval;
  /** Bytes of memory that this process may take; no limit when absent. */
  readonly memoryLimit?: number;
  /** Where images may be; in memory, all of them, when absent. */
  readonly imageRoom?: ImageRoom;
  /** Set once the task is to stop; look at it between steps. */
  stopRequested(): StopReason | undefined;
  /** Aborted then, with a `Stopped` as its reason. */
  readonly stopping: AbortSignal;
  /** Lets messages in; await it between steps that compute without awaiting. */
  breathe(): Promise<void>;
  report(progress: Omit<UnitProgress, 'worker' | 'waiting'>): void;
  /** Says that a checkpoint lies in the store. */
  readonly checkpointed?: (saved: SavedCheckpoint) => void;
  /** Says with all further progress that something has to wait, and for what; undefined once it is over. */
  waiting(reason: string | undefined): void;
}

/** Lets messages in where there is nothing to write. @throws Stopped when the task is to stop */
export async function mayStop(context: TaskContext): Promise<void> {
  await context.breathe();
  const reason = context.stopRequested();
  if (reason !== undefined) throw new Stopped(reason);
}
