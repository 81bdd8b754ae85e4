/**
 * @file Histories are kept short: a run that has done much goes on in a new one (continue-as-new), which
 * starts from a small position instead of everything that happened before.
 */
import { patched, workflowInfo } from '@temporalio/workflow';

/** A run goes on in a new one from this history length on, well before the server's limits. */
const longHistory = 3000;

/** Thrown by work that is to go on in a new run. No failure: what runs beside it is awaited, not cancelled. */
export class GoOnInNewRun extends Error {
  override readonly name = 'GoOnInNewRun';
}

/** Whether it is time for continue-as-new. */
export function historyIsLong(): boolean {
  const info = workflowInfo();
  return info.continueAsNewSuggested || info.historyLength > longHistory;
}

/**
 * Called before an attempt is repeated, as a unit may lose its worker any number of times, and before work
 * that can as well begin in the next run.
 *
 * @throws GoOnInNewRun when the history is long
 */
export function checkHistory(): void {
  // Older versions went on in the same run, and theirs are replayed so.
  if (historyIsLong() && patched('leave-long-history')) throw new GoOnInNewRun('the history is long');
}
