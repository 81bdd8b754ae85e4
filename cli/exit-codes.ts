/**
 * @file What the exit status of the command means. Scripts rely on these numbers; they are documented.
 */
import { DistilleryError } from '../errors/errors.js';

export const exitCodes = {
  ok: 0,
  /** The work failed: a run, a check, a download. */
  failed: 1,
  /** `diff`: something would be computed again. */
  different: 1,
  /** The command line or the definition is wrong: the same call can never succeed. */
  usage: 2,
  /** Temporal or the artifact store does not answer. */
  unreachable: 3,
  /** Stopped by Ctrl-C, as shells count it (128 + SIGINT). */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The exit status that an error thrown by a command becomes. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof DistilleryError)) return exitCodes.failed;
  switch (error.code) {
    case 'InvalidDefinition':
      return exitCodes.usage;
    case 'ServerUnavailable':
    case 'StoreUnavailable':
      return exitCodes.unreachable;
    default:
      return exitCodes.failed;
  }
}
