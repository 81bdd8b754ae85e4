/**
 * @file Counts the attempts that came to nothing. Here and not in the worker that made them, because a worker
 * that is lost counts nothing. Metrics are no commands: replays count nothing and differ in nothing.
 */
import { ActivityFailure, metricMeter, TimeoutFailure } from '@temporalio/workflow';
import type { MetricName } from '../activities/metric-names.js';
import type { FailureKind } from './failures.js';

const names: Readonly<Record<FailureKind, MetricName>> = {
  preemption: 'distillery_preemptions',
  failure: 'distillery_failures',
  fatal: 'distillery_failures',
};

export function countAttempt(kind: FailureKind, error: Error): void {
  count(names[kind], 1, { final: String(kind === 'fatal') });
  const lost = unsavedSeconds(error);
  if (lost > 0) count('distillery_lost_seconds', lost, {});
}

/** What the last heartbeat of a lost worker said; one that ends by itself has counted its own. */
function unsavedSeconds(error: Error): number {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (!(cause instanceof TimeoutFailure)) return 0;
  const details: unknown = cause.lastHeartbeatDetails;
  if (typeof details !== 'object' || details === null || !('unsavedSeconds' in details)) return 0;
  const seconds = details.unsavedSeconds;
  return typeof seconds === 'number' && seconds > 0 ? Math.ceil(seconds) : 0;
}

function count(name: MetricName, value: number, tags: Record<string, string>): void {
  metricMeter.createCounter(name).add(value, tags);
}
