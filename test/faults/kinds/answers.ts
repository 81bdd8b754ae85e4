/**
 * @file A store whose answers are spoiled for some seconds, for one worker or for all.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, ProxiedRequest } from '../../support/fault-proxy.js';
import type { Spoiler } from '../store-line.js';
import { allWorkers, workerOf, type FaultKind } from './kind.js';

/** Nobody asks the store for so long: there is nothing to spoil. */
const longestWaitMs = 20_000;

/** Spoils answers from the first request that fits, for the fault's time. */
function window(kind: string, makeSpoiler: () => Spoiler): FaultKind {
  return {
    kind,
    targets: [...allWorkers, 'all workers'],
    lasts: [1, 4],
    async strike({ lines }, fault, bites) {
      const spoiler = makeSpoiler();
      const names = fault.target === 'all workers' ? allWorkers : [workerOf(fault)];
      const bitten = new AbortController();
      const ends = names.map((worker) =>
        lines[worker].spoil((request) => {
          const spoiled = spoiler(request);
          if (spoiled !== undefined && !bitten.signal.aborted) {
            bites({ worker, request });
            bitten.abort();
          }
          return spoiled;
        }),
      );
      await delay(longestWaitMs, undefined, { signal: bitten.signal }).catch(() => undefined);
      if (bitten.signal.aborted) await delay(fault.lastsSeconds * 1000);
      for (const end of ends) end();
    },
  };
}

const always = (fault: Fault) => () => () => fault;

/** Spoils every second request that fits, so that the next try may succeed. */
function everySecond(fault: Fault, fits: (request: ProxiedRequest) => boolean): () => Spoiler {
  return () => {
    let seen = 0;
    return (request) => (fits(request) && seen++ % 2 === 0 ? fault : undefined);
  };
}

/** An object, not the bucket: `/bucket/key`. */
const isObject = ({ path }: ProxiedRequest) => path.split('/').filter((part) => part !== '').length > 1;
const isRead = ({ method }: ProxiedRequest) => method === 'GET';

export const answer503 = window(
  'store answers 503',
  always({ kind: 'answer', status: 503, code: 'SlowDown' }),
);
export const resetConnections = window('store resets', always('reset'));
export const blackHole = window('store is silent', always('silence'));
export const truncateAnswers = window('answers cut short', everySecond('truncate', isRead));
export const flipAnswers = window(
  'bit flipped on the way',
  everySecond('flip', (request) => isRead(request) && isObject(request)),
);
export const loseAnswers = window(
  'answer to a write lost',
  everySecond('lose-answer', (request) => !isRead(request) && request.method !== 'HEAD'),
);
