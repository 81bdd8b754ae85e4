/**
 * @file Servers killed without notice and started again on what they had on disk.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultKind } from './kind.js';

function restart(name: 'temporal' | 'store', kind: string): FaultKind {
  return {
    kind,
    targets: [name],
    lasts: [0, 5],
    async strike({ servers }, { lastsSeconds }, bites) {
      bites();
      await servers[name].kill();
      await delay(lastsSeconds * 1000);
      await servers[name].start();
    },
  };
}

export const restartTemporal = restart('temporal', 'kill -9 of Temporal');
export const restartStore = restart('store', 'kill -9 of the store');
