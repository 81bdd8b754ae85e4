/**
 * @file All kinds of faults.
 */
import {
  answer503,
  blackHole,
  flipAnswers,
  loseAnswers,
  resetConnections,
  truncateAnswers,
} from './answers.js';
import { damageCheckpoint, killInCheckpoint } from './checkpoints.js';
import { killChild, terminateChild } from './children.js';
import type { FaultKind } from './kind.js';
import { restartStore, restartTemporal } from './servers.js';
import { drainWorker, freezeWorker, killWorker } from './workers.js';

export const faultKinds: readonly FaultKind[] = [
  killWorker,
  drainWorker,
  freezeWorker,
  killChild,
  terminateChild,
  killInCheckpoint,
  damageCheckpoint,
  restartTemporal,
  restartStore,
  answer503,
  resetConnections,
  blackHole,
  truncateAnswers,
  flipAnswers,
  loseAnswers,
];
