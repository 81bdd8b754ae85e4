/**
 * @file What a failure means for the work: whose budget it counts against, and how to say it briefly.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  TemporalFailure,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { ErrorCode } from '../errors/errors.js';

/**
 * - `preemption`: the worker left or was lost; the work itself is fine.
 * - `failure`: an error of the work that may pass.
 * - `fatal`: doing it again cannot help.
 */
export type FailureKind = 'preemption' | 'failure' | 'fatal';

export interface Verdict {
  readonly kind: FailureKind;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Failure types that mean a leaving worker: ours, and the one the SDK gives when it shuts down. */
const leaving: ReadonlySet<string> = new Set(['Preempted', 'WorkerShutdown']);

/**
 * Rethrows what is not a failure of the work: continue-as-new, and mistakes in the workflow's own code. With
 * the latter Temporal keeps the workflow as it is until a worker with the mended code comes.
 */
export function rethrowFaults(error: unknown): asserts error is TemporalFailure {
  if (!(error instanceof TemporalFailure)) throw error;
}

/** Judges what an activity, or a stage run as a child workflow, failed with. */
export function judge(error: TemporalFailure): Verdict {
  const cause =
    error instanceof ActivityFailure || error instanceof ChildWorkflowFailure ? error.cause : error;
  if (cause instanceof TimeoutFailure) return judgeTimeout(cause);
  if (cause instanceof CancelledFailure) {
    // Nobody here cancelled it (the caller looks at its own scope first), so its worker did.
    return { kind: 'preemption', code: 'Preempted', message: 'the worker stopped the work' };
  }
  if (cause instanceof ApplicationFailure) {
    const type = cause.type ?? 'ComputeFailed';
    const message = cause.message === '' ? type : cause.message;
    if (leaving.has(type)) return { kind: 'preemption', code: 'Preempted', message };
    return {
      kind: cause.nonRetryable === true ? 'fatal' : 'failure',
      // Codes outside ErrorCode come from a user's own activities and interceptors; they are kept as they are.
      code: type as ErrorCode,
      message,
    };
  }
  return { kind: 'failure', code: 'ComputeFailed', message: cause?.message ?? error.message };
}

function judgeTimeout(timeout: TimeoutFailure): Verdict {
  if (timeout.timeoutType === 'HEARTBEAT') {
    return { kind: 'preemption', code: 'Preempted', message: 'the worker was lost (no heartbeat)' };
  }
  return {
    kind: 'failure',
    code: 'ComputeFailed',
    message: 'the attempt ran into its time limit; raise the stage’s `timeout` if it needs longer',
  };
}

/** The failure a workflow ends with: a short message, the code as type, no retry and no stack trace. */
export function finalFailure(code: string, message: string): ApplicationFailure {
  const failure = ApplicationFailure.nonRetryable(message, code);
  failure.stack = '';
  return failure;
}
