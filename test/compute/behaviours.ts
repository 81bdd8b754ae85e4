/**
 * @file How the tasks of the fake compute process can be told to behave.
 */
import type { TrainExpertInput } from '../../compute/protocol.js';

/** What a fake task is to do; sent in place of a real input. */
export type Behaviour =
  /** Counts to `to`, reporting each step, until told to stop. */
  | { readonly behaviour: 'count'; readonly to: number }
  /** Computes without letting messages in. */
  | { readonly behaviour: 'block'; readonly milliseconds: number }
  /** Takes so much memory, in half a second for every 100 MiB. */
  | { readonly behaviour: 'allocate'; readonly mebibytes: number }
  /** Waits without a word. */
  | { readonly behaviour: 'hang' }
  /** Asks a store that is not there, with ten minutes of patience. */
  | { readonly behaviour: 'ask-store' }
  | { readonly behaviour: 'exit'; readonly code: number }
  | { readonly behaviour: 'kill' }
  | { readonly behaviour: 'refuse' }
  | { readonly behaviour: 'throw' };

export function asInput(behaviour: Behaviour): TrainExpertInput {
  return behaviour as unknown as TrainExpertInput;
}
