/**
 * @file The one place where errors become Temporal failures: the code as type, the message as it is, whether
 * to try again as the error says, and no stack trace.
 */
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { Stopped } from '../compute/context.js';
import { StageFailure } from '../custom/stage-failure.js';
import { DistilleryError } from '../errors/errors.js';

/** What an activity should throw for an error of the library. */
export function toFailure(error: unknown): Error {
  if (error instanceof DistilleryError) return failure(error.code, error.message, !error.retryable);
  if (error instanceof StageFailure) return failure(error.type, error.message, error.nonRetryable);
  if (error instanceof Stopped) {
    return error.reason === 'preempt'
      ? failure('Preempted', 'the worker is shutting down', false)
      : new CancelledFailure('cancelled');
  }
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  // A fault of ours or of a library below us. It may pass; if it does not, its message is what there is.
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return failure('ComputeFailed', message, false);
}

function failure(type: string, message: string, nonRetryable: boolean): ApplicationFailure {
  const result = ApplicationFailure.create({ type, message, nonRetryable });
  result.stack = '';
  return result;
}
