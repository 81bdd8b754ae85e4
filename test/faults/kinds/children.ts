/**
 * @file Computing children that die under their worker, or are told to go by somebody else.
 */
import type { World } from '../world.js';
import { computeWorkers, workerOf, type FaultKind, type PlannedFault } from './kind.js';

/** As when the kernel runs out of memory. */
export const killChild: FaultKind = {
  kind: 'kill -9 of a child',
  targets: computeWorkers,
  interrupts: true,
  strike: (world, fault, bites) => signalChildren(world, fault, 'SIGKILL', bites),
};

/** Stopping is for its parent to decide: nothing must come of it. */
export const terminateChild: FaultKind = {
  kind: 'SIGTERM of a child',
  targets: computeWorkers,
  strike: (world, fault, bites) => signalChildren(world, fault, 'SIGTERM', bites),
};

function signalChildren(
  { workers }: World,
  fault: PlannedFault,
  signal: NodeJS.Signals,
  bites: () => void,
): Promise<void> {
  const pids = workers[workerOf(fault)].children();
  if (pids.length > 0) bites();
  for (const pid of pids) process.kill(pid, signal);
  return Promise.resolve();
}
