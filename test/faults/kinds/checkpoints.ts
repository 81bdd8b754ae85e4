/**
 * @file Workers killed while they write a checkpoint, and checkpoints damaged once they are written.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from '../../support/fault-proxy.js';
import type { World } from '../world.js';
import { computeWorkers, workerOf, type FaultKind, type PlannedFault } from './kind.js';

/** The target has written none for so long: there is nothing to spoil. */
const longestWaitMs = 30_000;

/** The worker and its child die before the write, in its middle, or before they hear that it was done. */
export const killInCheckpoint: FaultKind = {
  kind: 'kill -9 in a checkpoint',
  targets: computeWorkers,
  ways: ['before', 'half', 'after'],
  interrupts: true,
  async strike(world, fault, bites) {
    const spoiled: Record<string, Fault> = { before: 'reset', half: 'cut-request', after: 'lose-answer' };
    const line = world.lines[workerOf(fault)];
    await atNextCheckpoint(world, fault, (kill) => {
      const end = line.spoil((request) => {
        if (!line.isCheckpointWrite(request)) return undefined;
        end();
        const how = spoiled[fault.way];
        if (how === 'reset') kill(bites);
        // The whole of it has to have left the worker first.
        else line.afterReceiving(request, () => kill(bites));
        return how;
      });
      return end;
    });
  },
};

/**
 * The newest checkpoint of the unit in hand is damaged before the next worker reads it: whoever wrote it is
 * killed at that moment, because otherwise nobody would need it.
 */
export const damageCheckpoint: FaultKind = {
  kind: 'checkpoint damaged',
  targets: computeWorkers,
  ways: ['flip', 'cut', 'remove'],
  interrupts: true,
  async strike(world, fault, bites) {
    const line = world.lines[workerOf(fault)];
    const written: string[] = [];
    await atNextCheckpoint(world, fault, (kill) =>
      line.onCheckpointWritten((key) => {
        if (written.length > 0) return;
        written.push(key);
        kill(bites);
      }),
    );
    for (const key of written) await world.damage(key, fault.way);
  },
};

/** Lets `arm` wait for the target's next checkpoint, and the target be killed then. */
async function atNextCheckpoint(
  { workers }: World,
  fault: PlannedFault,
  arm: (kill: (bites: () => void) => void) => () => void,
): Promise<void> {
  const worker = workers[workerOf(fault)];
  let ended: Promise<void> | undefined;
  const killed = new Promise<void>((resolve) => {
    const disarm = arm((bites) => {
      bites();
      ended = worker.end('SIGKILL');
      resolve();
    });
    void delay(longestWaitMs, undefined, { ref: false }).then(() => {
      disarm();
      resolve();
    });
  });
  await killed;
  await ended;
}
