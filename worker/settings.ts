/**
 * @file Worker settings that preemptible machines need.
 */
import type { WorkerOptions } from '@temporalio/worker';
import { defaultGraceSeconds } from '../compute/process.js';

/** Longest wait between two heartbeats that reach the server; cancellation comes back with them. */
const heartbeatThrottle = '500ms';
/** For the activities to end and for the server to hear of it, once the computing has stopped. */
const farewellSeconds = 3.5;

/**
 * Settings of a worker that leaves at once: its activities are told immediately and go on elsewhere.
 *
 * @param graceSeconds how long compute tasks may take for their checkpoint
 */
export function leavingSettings({ graceSeconds = defaultGraceSeconds }: { graceSeconds?: number } = {}) {
  return {
    maxHeartbeatThrottleInterval: heartbeatThrottle,
    defaultHeartbeatThrottleInterval: heartbeatThrottle,
    shutdownGraceTime: 0,
    shutdownForceTime: `${graceSeconds + farewellSeconds}s`,
  } as const satisfies Partial<WorkerOptions>;
}
