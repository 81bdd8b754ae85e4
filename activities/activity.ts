/**
 * @file Turns a library function into an activity: it heartbeats while it runs and fails as workflows
 * expect it to.
 */
import { hostname } from 'node:os';
import { Context } from '@temporalio/activity';
import { onBehalfOf } from '../artifacts/store-work.js';
import { Stopped, type StopReason } from '../compute/context.js';
import type { UnitProgress } from '../definition/stages.js';
import { toFailure } from './failure.js';

// Cancellation arrives with the answer to a heartbeat.
const heartbeatMilliseconds = 500;

export interface Attempt {
  /** Aborted with a `Stopped` as its reason. */
  readonly signal: AbortSignal;
  /** What the next heartbeats say. */
  readonly details: (value: unknown) => void;
}

/** An activity that runs `body` and heartbeats for it. */
export function activity<A extends unknown[], R>(
  body: (attempt: Attempt, ...args: A) => Promise<R>,
): (...args: A) => Promise<R> {
  return async (...args) => {
    const context = Context.current();
    const stop = new AbortController();
    const onCancel = () => stop.abort(new Stopped(stopReason(context)));
    if (context.cancellationSignal.aborted) onCancel();
    context.cancellationSignal.addEventListener('abort', onCancel);
    let last: unknown;
    const onWait = (reason: string | undefined) => (last = reason && waiting(context, reason));
    const timer = setInterval(() => context.heartbeat(last), heartbeatMilliseconds);
    try {
      const attempt: Attempt = { signal: stop.signal, details: (value) => (last = value) };
      return await onBehalfOf({ signal: stop.signal, onWait }, () => body(attempt, ...args));
    } catch (error) {
      throw toFailure(error);
    } finally {
      clearInterval(timer);
      context.cancellationSignal.removeEventListener('abort', onCancel);
    }
  };
}

/** What a heartbeat says of an activity that waits for the store. */
function waiting({ info }: Context, reason: string): UnitProgress {
  const worker = `${hostname()}/${process.pid}`;
  return { unit: info.activityType, done: 0, total: 0, metrics: {}, worker, waiting: reason };
}

/** The worker is leaving, the workflow cancels, or the server has given this attempt up. */
function stopReason({ cancellationSignal, cancellationDetails: details }: Context): StopReason {
  const reason: unknown = cancellationSignal.reason;
  const word = reason instanceof Error ? reason.message : '';
  if (details?.workerShutdown === true || word === 'WORKER_SHUTDOWN') return 'preempt';
  // Its successor may be at work already.
  const givenUp = details?.notFound === true || details?.timedOut === true || details?.reset === true;
  return givenUp || ['NOT_FOUND', 'TIMED_OUT', 'RESET'].includes(word) ? 'drop' : 'cancel';
}
