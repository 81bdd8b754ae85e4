/**
 * @file The errors that distillery raises on purpose. Safe in the workflow sandbox: no imports.
 */

/** What kind of thing went wrong, and whether doing the same again may succeed. docs/errors.md says what to do. */
export const errorCodes = {
  /** The definition, a parameter or a command-line argument is wrong: the user mends it. */
  InvalidDefinition: { retryable: false },
  /** The data set is missing, damaged, of the wrong shape or does not fit the definition. */
  InvalidDataset: { retryable: false },
  /** Stored trajectories do not fit what the definition asks of them. */
  InvalidTrajectory: { retryable: false },
  /** The learned rate or the loss became NaN, infinite or exploded. */
  Diverged: { retryable: false },
  /** The store refuses us: wrong credentials, missing rights, missing bucket. */
  StoreRefused: { retryable: false },
  /** The store does not answer, or answers with a passing error: worth another try. */
  StoreUnavailable: { retryable: true },
  /** Stored bytes do not have the digest they should have. */
  Corrupt: { retryable: true },
  /** No space left on a disk of ours or of the store. */
  NoSpace: { retryable: true },
  /** TensorFlow or its binding is missing or does not load. */
  EngineUnavailable: { retryable: false },
  /** A server (Temporal, S3) cannot be reached or started, or its port is taken. */
  ServerUnavailable: { retryable: false },
  /** Something could not be downloaded or installed. */
  SetupFailed: { retryable: false },
  /** The compute process ended or hung. */
  ComputeFailed: { retryable: true },
  /** The compute process took more memory than it may have, or than there was. */
  OutOfMemory: { retryable: true },
  /** The worker is going away; the work goes on elsewhere from its last checkpoint. */
  Preempted: { retryable: true },
} as const;

/** Also the `type` of the Temporal ApplicationFailure that an error becomes. */
export type ErrorCode = keyof typeof errorCodes;

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
    this.retryable = errorCodes[code].retryable;
  }
}
