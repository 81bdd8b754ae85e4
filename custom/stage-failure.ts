/**
 * @file What a stage of a user's own type has thrown, as far as it matters to whether it is tried again. It travels
 * from the compute process to the worker, where it becomes a failure of Temporal.
 */
import { DistilleryError } from '../errors/errors.js';

export interface StageFailureDetails {
  readonly message: string;
  /** What a failure of Temporal is to be known by; that of the error, if it has one. */
  readonly type?: string;
  readonly nonRetryable: boolean;
}

export class StageFailure extends Error {
  readonly type: string;
  readonly nonRetryable: boolean;

  constructor({ message, type = 'ComputeFailed', nonRetryable }: StageFailureDetails) {
    super(message);
    this.name = type;
    this.type = type;
    this.nonRetryable = nonRetryable;
  }
}

/** Errors of ours and failures of Temporal are taken at their word; of all others it is said where they come from. */
export function thrownByStage(error: unknown): Error {
  if (error instanceof DistilleryError) return error;
  if (!(error instanceof Error)) return new StageFailure({ message: String(error), nonRetryable: false });
  const { nonRetryable, type } = error as { readonly nonRetryable?: unknown; readonly type?: unknown };
  if (typeof nonRetryable === 'boolean')
    return new StageFailure({
      message: error.message,
      ...(typeof type === 'string' && { type }),
      nonRetryable,
    });
  const place = placeOf(error.stack);
  const where = place === undefined ? '' : ` (${place})`;
  return new StageFailure({ message: `${error.name}: ${error.message}${where}`, nonRetryable: false });
}

/** `sharpen.mjs:12:5`: the innermost line that is neither Node's nor of a package. */
function placeOf(stack = ''): string | undefined {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  const own = frames.find((line) => !/node:|[\\/]node_modules[\\/]/.test(line));
  return /([^\\/(]+:\d+:\d+)\)?$/.exec(own ?? '')?.[1];
}
