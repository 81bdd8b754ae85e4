/**
 * @file The errors that distillery raises on purpose. Safe in the workflow sandbox: no imports.
 */

/** What kind of thing went wrong; also the `type` of the Temporal ApplicationFailure it becomes. */
export type ErrorCode =
  /** The definition, a parameter or a command-line argument is wrong: the user mends it. */
  | 'InvalidDefinition'
  /** The data set is missing, damaged, of the wrong shape or does not fit the definition. */
  | 'InvalidDataset'
  /** Stored trajectories do not fit what the definition asks of them. */
  | 'InvalidTrajectory'
  /** The learned rate or the loss became NaN, infinite or exploded. */
  | 'Diverged'
  /** The store refuses us: wrong credentials, missing rights, missing bucket. */
  | 'StoreRefused'
  /** The store does not answer, or answers with a passing error: worth another try. */
  | 'StoreUnavailable'
  /** Stored bytes do not have the digest they should have. */
  | 'Corrupt'
  /** No space left on a disk of ours or of the store. */
  | 'NoSpace'
  /** TensorFlow or its binding is missing or does not load. */
  | 'EngineUnavailable'
  /** A server (Temporal, S3) cannot be reached or started, or its port is taken. */
  | 'ServerUnavailable'
  /** Something could not be downloaded or installed. */
  | 'SetupFailed'
  /** The compute process ended or hung. */
  | 'ComputeFailed'
  /** The compute process took more memory than it may have, or than there was. */
  | 'OutOfMemory'
  /** The worker is going away; the work goes on elsewhere from its last checkpoint. */
  | 'Preempted';

const retryable: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'StoreUnavailable',
  'Corrupt',
  'NoSpace',
  'ComputeFailed',
  'OutOfMemory',
  'Preempted',
]);

/**
 * An error with a reason a user can act on. The message says what, where and what to do, in that order,
 * and is shown without a stack trace.
 */
export class DistilleryError extends Error {
  /** Whether doing the same thing again may succeed. User mistakes are never retryable. */
  readonly retryable: boolean;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = code;
    this.retryable = retryable.has(code);
  }
}
