/**
 * @file Workers that vanish without a word, are told to leave, or hold their breath.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { heartbeatSeconds } from '../definition.js';
import type { SpotWorker } from '../spot-worker.js';
import { allWorkers, workerOf, type FaultKind } from './kind.js';

/** As when a machine loses power. */
export const killWorker: FaultKind = {
  kind: 'kill -9 of a worker',
  targets: allWorkers,
  interrupts: true,
  strike: ({ workers }, fault, bites) => end(workers[workerOf(fault)], 'SIGKILL', bites),
};

/** As when a spot machine is taken back with notice. */
export const drainWorker: FaultKind = {
  kind: 'SIGTERM of a worker',
  targets: allWorkers,
  interrupts: true,
  strike: ({ workers }, fault, bites) => end(workers[workerOf(fault)], 'SIGTERM', bites),
};

/** Longer than the heartbeat timeout: the work is given to another while this one still holds it. */
export const freezeWorker: FaultKind = {
  kind: 'SIGSTOP of a worker',
  targets: allWorkers,
  lasts: [heartbeatSeconds + 2, heartbeatSeconds + 6],
  interrupts: true,
  async strike({ workers, ledger }, fault, bites) {
    const name = workerOf(fault);
    const pids = workers[name].family();
    if (pids.length === 0) return;
    bites();
    ledger.frozen(name);
    for (const pid of pids) signal(pid, 'SIGSTOP');
    await delay(fault.lastsSeconds * 1000);
    ledger.thawed(name);
    for (const pid of pids) signal(pid, 'SIGCONT');
  },
};

async function end(worker: SpotWorker, signal: NodeJS.Signals, bites: () => void): Promise<void> {
  if (!worker.isRunning) return;
  bites();
  await worker.end(signal);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone in the meantime.
  }
}
