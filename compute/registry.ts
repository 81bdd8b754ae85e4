/**
 * @file The tasks a compute process can be asked for, as functions.
 */
import type { TaskContext } from './context.js';
import type { ComputeTasks, TaskName } from './protocol.js';

/** One function per task. It throws `Stopped` when told to stop, a `DistilleryError` when it cannot go on. */
export type TaskRegistry = {
  readonly [K in TaskName]: (
    input: ComputeTasks[K]['input'],
    context: TaskContext,
  ) => Promise<ComputeTasks[K]['result']>;
};
