/**
 * @file Units of work (an expert, a chunk, an evaluation) and their two budgets. The server makes one
 * attempt of an activity; what happens next is decided here, so that a lost worker never uses up the
 * patience meant for errors of the work.
 */
import { CancellationScope, CancelledFailure, sleep } from '@temporalio/workflow';
import { countAttempt } from './attempt-metrics.js';
import type { RetryBudget } from '../definition/plan.js';
import type { BudgetUse } from '../definition/stages.js';
import { finalFailure, judge, rethrowFaults, type Verdict } from './failures.js';
import { checkHistory } from './history.js';

/** Backing off stops doubling here. */
const longestBackoffSeconds = 300;

/** Budget of light activities outside any stage. */
export const defaultBudget: RetryBudget = { failures: 3, preemptions: null, backoffSeconds: 5 };

/** Told of every attempt that will be repeated, with what the unit has used of its budget by then. */
export type OnRetry = (kind: 'preemption' | 'failure', reason: string, use: BudgetUse) => void;

/**
 * Repeats `attempt` until it succeeds or its budget is used up: at once after a preemption, with a doubling
 * wait after a failure. `failures: 3` tolerates three of them; the fourth is final.
 *
 * @param what names the unit in messages, for example `expert 3`
 * @param used what earlier runs of the workflow have used of the budget
 * @throws GoOnInNewRun instead of repeating when the history is long
 * @throws ApplicationFailure, not retryable, with the code of the last error as its type
 * @throws CancelledFailure once the surrounding scope is cancelled
 */
export async function runUnit<T>(
  what: string,
  attempt: () => Promise<T>,
  budget: RetryBudget,
  onRetry: OnRetry,
  used: Pick<BudgetUse, 'failures' | 'preemptions'> = { failures: 0, preemptions: 0 },
): Promise<T> {
  let { failures, preemptions } = used;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      // Whatever the activity made of being cancelled, the reason is ours.
      if (CancellationScope.current().consideredCancelled) throw new CancelledFailure(`${what} cancelled`);
      rethrowFaults(error);
      const verdict = judge(error);
      countAttempt(verdict.kind, error);
      if (verdict.kind === 'fatal') throw finalFailure(verdict.code, verdict.message);
      if (verdict.kind === 'preemption') {
        preemptions += 1;
        if (budget.preemptions !== null && preemptions > budget.preemptions) {
          const history = `lost its worker ${times(preemptions)} and failed ${times(failures)}`;
          throw exhausted(what, history, `retry.preemptions: ${budget.preemptions}`, verdict);
        }
        onRetry('preemption', verdict.message, { unit: what, failures, preemptions });
      } else {
        failures += 1;
        if (failures > budget.failures) {
          const history = `failed ${times(failures)} and lost its worker ${times(preemptions)}`;
          throw exhausted(what, history, `retry.failures: ${budget.failures}`, verdict);
        }
        onRetry('failure', verdict.message, { unit: what, failures, preemptions });
        await sleep(backoffMilliseconds(budget, failures));
      }
    }
    checkHistory();
  }
}

function exhausted(what: string, history: string, setting: string, { code, message }: Verdict) {
  return finalFailure(code, `${what} ${history}, more than \`${setting}\` allows; last: ${message}`);
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** Wait before attempt number `failures + 1`. */
function backoffMilliseconds(budget: RetryBudget, failures: number): number {
  return Math.min(longestBackoffSeconds, budget.backoffSeconds * 2 ** (failures - 1)) * 1000;
}
