/**
 * @file How workflows call activities: one attempt each, with limits that fit. Repeating is `runUnit`'s.
 */
import { ActivityCancellationType, proxyActivities, scheduleActivity } from '@temporalio/workflow';
import type { LightActivities, RunCustomStageInput, UnitLimits } from '../activities/contract.js';
import type { ComputeTasks, TaskName } from '../compute/protocol.js';
import type { CustomStage, PlannedStage } from '../definition/plan.js';
import type { CustomOutput } from '../definition/stages.js';
import { COMPUTE_QUEUE } from './queues.js';

/**
 * The worker heartbeats twice a second, whatever its compute process does, so this is twenty of them missed. A
 * false alarm costs what was done since the last checkpoint, and nothing else.
 */
const defaultHeartbeatSeconds = 10;

/** Runs on the queue of the workflow itself. */
export const light = proxyActivities<LightActivities>({
  // A built-in data set may have to be downloaded first.
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '30 seconds',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { maximumAttempts: 1 },
});

/**
 * One attempt of a compute task within the limits of a stage. When cancelled it is waited for; the wait is
 * bounded, as an activity that does not answer loses its heartbeat.
 *
 * @param unit what the work is called; shown beside the activity in the Temporal UI
 */
export function attemptCompute<K extends TaskName>(
  stage: PlannedStage,
  task: K,
  unit: string,
  input: ComputeTasks[K]['input'],
): Promise<ComputeTasks[K]['result']> {
  const { memoryBytes, gpu, taskQueue = COMPUTE_QUEUE } = stage.resources ?? {};
  const limits: UnitLimits = {
    unit,
    stallTimeoutSeconds: stage.stallTimeoutSeconds,
    ...(memoryBytes !== undefined && { memoryBytes }),
    ...(gpu && { gpu }),
  };
  return scheduleActivity(task, [input, limits], {
    summary: unit,
    taskQueue,
    startToCloseTimeout: stage.timeoutSeconds * 1000,
    heartbeatTimeout: (stage.heartbeatTimeoutSeconds ?? defaultHeartbeatSeconds) * 1000,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { maximumAttempts: 1 },
  });
}

/** One attempt of a stage of a user's own type, within the limits of the stage; waited for like a compute task. */
export function attemptCustom(
  stage: CustomStage,
  unit: string,
  input: RunCustomStageInput,
): Promise<CustomOutput> {
  const { taskQueue } = stage.resources ?? {};
  const limits: UnitLimits = { unit, stallTimeoutSeconds: stage.stallTimeoutSeconds };
  return scheduleActivity('runCustomStage', [input, limits], {
    summary: unit,
    ...(taskQueue !== undefined && { taskQueue }),
    startToCloseTimeout: stage.timeoutSeconds * 1000,
    heartbeatTimeout: (stage.heartbeatTimeoutSeconds ?? defaultHeartbeatSeconds) * 1000,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { maximumAttempts: 1 },
  });
}
