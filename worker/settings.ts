/**
 * @file Worker settings that preemptible machines need.
 */
import type { WorkerOptions } from '@temporalio/worker';

/** Longest wait between two heartbeats that reach the server; cancellation comes back with them. */
const heartbeatThrottle = '500ms';

/** Settings of a worker that leaves at once: its activities are told immediately and go on elsewhere. */
export const leavingSettings = {
  maxHeartbeatThrottleInterval: heartbeatThrottle,
  defaultHeartbeatThrottleInterval: heartbeatThrottle,
  shutdownGraceTime: 0,
  shutdownForceTime: '5s',
} as const satisfies Partial<WorkerOptions>;
