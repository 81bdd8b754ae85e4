/**
 * @file Which fault comes when. Everything follows from the seed, so that a campaign can be had again; only
 * the machine's own speed decides where in the computing a fault falls.
 */
import { Stream } from '../../random/stream.js';
import { faultKinds } from './kinds/index.js';
import type { FaultKind, PlannedFault } from './kinds/kind.js';

/** Signs of progress between two faults: at least one, so that every fault finds work that goes on. */
const mostSigns = 2;
const longestPauseSeconds = 3;

/** The faults of a seed, without end. Kinds come in rounds: each once, in an order drawn anew. */
export function* schedule(seed: number): Generator<PlannedFault, never> {
  let number = 0;
  for (let round = 0; ; round += 1) {
    const stream = new Stream(seed, 'report-samples', round);
    const order = [...stream.permutation(faultKinds.length)];
    for (const kind of order.flatMap((index) => faultKinds[index] ?? [])) {
      number += 1;
      yield { number, ...draw(kind, stream) };
    }
  }
}

function draw(kind: FaultKind, stream: Stream): Omit<PlannedFault, 'number'> {
  const { targets, ways = [''], lasts: [shortest, longest] = [0, 0] } = kind;
  return {
    kind: kind.kind,
    target: choose(targets, stream),
    way: choose(ways, stream),
    afterSigns: 1 + stream.integer(mostSigns),
    afterSeconds: tenths(longestPauseSeconds * stream.uniform()),
    lastsSeconds: tenths(shortest + (longest - shortest) * stream.uniform()),
  };
}

function choose<T>(from: readonly T[], stream: Stream): T {
  const chosen = from[stream.integer(from.length)];
  if (chosen === undefined) throw new RangeError('nothing to choose from');
  return chosen;
}

function tenths(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
