/**
 * @file Turns a library function into an activity: it heartbeats while it runs and fails as workflows
 * expect it to.
 */
import { Context } from '@temporalio/activity';
import { Stopped } from '../compute/context.js';
import { toFailure } from './failure.js';

// Cancellation arrives with the answer to a heartbeat.
const heartbeatMilliseconds = 500;

export interface Attempt {
  /** Aborted with a `Stopped` as its reason: cancelled by the workflow, or preempted by the worker. */
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
    const onCancel = () => stop.abort(new Stopped(isShutdown(context) ? 'preempt' : 'cancel'));
    if (context.cancellationSignal.aborted) onCancel();
    context.cancellationSignal.addEventListener('abort', onCancel);
    let last: unknown;
    const timer = setInterval(() => context.heartbeat(last), heartbeatMilliseconds);
    try {
      return await body({ signal: stop.signal, details: (value) => (last = value) }, ...args);
    } catch (error) {
      throw toFailure(error);
    } finally {
      clearInterval(timer);
      context.cancellationSignal.removeEventListener('abort', onCancel);
    }
  };
}

/** The worker is leaving: its work goes on elsewhere. Anything else means that nobody wants the result. */
function isShutdown({ cancellationSignal, cancellationDetails }: Context): boolean {
  if (cancellationDetails?.workerShutdown === true) return true;
  const reason: unknown = cancellationSignal.reason;
  return reason instanceof Error && reason.message === 'WORKER_SHUTDOWN';
}
