/**
 * @file How a worker process knows that `up` or `demo` started it.
 */

/** Variable that is set for workers that report to their parent and leave with it. */
export const managedMark = 'DISTILLERY_MANAGED_WORKER';
