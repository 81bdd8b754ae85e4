/**
 * @file What a campaign has shown: faults by kind, what they cost, and whether anything was lost.
 */
import type { Aftermath } from './aftermath.js';
import { faultKinds } from './kinds/index.js';
import type { Ledger } from './ledger.js';
import { differences, type Fingerprint } from './fingerprint.js';
import type { RunRecord } from './runs.js';
import type { Strike, Strikes } from './strikes.js';
import { workRepeated } from './work-repeated.js';

export interface KindRow {
  readonly kind: string;
  readonly faults: number;
  readonly recovered: number;
  /** From the fault until the work went on. */
  readonly longestRecoverySeconds: number;
  /** Computing done again because of it. */
  readonly repeatedSeconds: number;
}

export interface RunRow extends Omit<RunRecord, 'result' | 'fingerprint'> {
  /** How many digests and curves there are of its result. */
  readonly fingerprinted: number;
  /** Names of what is not as in the undisturbed run. */
  readonly differs: readonly string[];
}

export interface CampaignReport {
  readonly seed: number;
  readonly seconds: number;
  readonly kinds: readonly KindRow[];
  readonly faults: number;
  readonly recovered: number;
  readonly longestRecoverySeconds: number;
  readonly repeatedSeconds: number;
  /** Computing altogether, repeated or not. */
  readonly computedSeconds: number;
  readonly references: readonly RunRow[];
  readonly runs: readonly RunRow[];
  /** Longest history of any workflow. */
  readonly mostEvents: number;
  readonly damaged: { readonly objects: number; readonly met: number };
  /** Objects of a finished run that were damaged, and found to be. */
  readonly results: { readonly damaged: number; readonly found: number };
  /** What activities failed with, and how many of them did. */
  readonly errors: Readonly<Record<string, number>>;
  /** Workers that ended and were not told to, by what they said. */
  readonly unasked: Readonly<Record<string, number>>;
  /** Everything that ought not to be; empty after a good campaign. */
  readonly problems: readonly string[];
}

export interface Evidence {
  readonly seed: number;
  readonly seconds: number;
  readonly ledger: Ledger;
  readonly strikes: Strikes;
  readonly references: readonly RunRecord[];
  readonly runs: readonly RunRecord[];
  readonly aftermath: Aftermath | undefined;
  readonly unasked: ReadonlyMap<string, number>;
  /** What went wrong with the campaign itself. */
  readonly errors: readonly string[];
}

export function reportOf(evidence: Evidence): CampaignReport {
  const { seed, seconds, ledger, strikes, aftermath, unasked, errors } = evidence;
  const references = new Map(evidence.references.map((run) => [run.seed, run.fingerprint]));
  const row = (run: RunRecord) => rowOf(run, references.get(run.seed));
  const runs = [...evidence.runs, ...(aftermath ? [aftermath.again] : [])].map(row);
  const { damaged = [], overlooked = [] } = aftermath ?? {};
  const repeated = workRepeated(ledger.attempts).map(({ attempt, seconds: lost }) => ({
    lost,
    cause: strikes.causeOf(attempt.worker, attempt.endedAt ?? Infinity)?.fault.kind,
  }));
  const kinds = faultKinds
    .map(({ kind }) => ({
      kind,
      ...recoveries(strikes.all.filter(({ fault }) => fault.kind === kind)),
      repeatedSeconds: sum(repeated.filter(({ cause }) => cause === kind).map(({ lost }) => lost)),
    }))
    .filter(({ faults }) => faults > 0);
  const all = recoveries(strikes.all);
  const rows = [...evidence.references.map(row), ...runs];
  return {
    seed,
    seconds,
    kinds,
    ...all,
    repeatedSeconds: sum(repeated.map(({ lost }) => lost)),
    computedSeconds: sum(
      ledger.attempts.map(({ startedAt, endedAt = startedAt }) => Math.max(0, endedAt - startedAt)),
    ),
    references: evidence.references.map(row),
    runs,
    mostEvents: Math.max(0, ...rows.flatMap(({ events }) => Object.values(events))),
    damaged: {
      objects: ledger.damagedObjects,
      met: ledger.damagedMet,
    },
    results: { damaged: damaged.length, found: damaged.length - overlooked.length },
    errors: errorsOf(rows),
    unasked: Object.fromEntries(unasked),
    problems: [
      ...errors,
      ...problemsOf(rows),
      ...unrecovered(strikes.all),
      ...overlooked.map((key) => `damage to ${key} was not found`),
    ],
  };
}

function errorsOf(runs: readonly RunRow[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { errors } of runs) {
    for (const [message, times] of Object.entries(errors)) counts[message] = (counts[message] ?? 0) + times;
  }
  return counts;
}

function rowOf(run: RunRecord, reference: Fingerprint | undefined): RunRow {
  const { id, seed, seconds, fingerprint, error, events, errors, preemptions, failures } = run;
  return {
    ...{ id, seed, seconds, events, errors, preemptions, failures },
    ...(error !== undefined && { error }),
    fingerprinted: Object.keys(fingerprint ?? {}).length,
    differs: fingerprint ? differences(reference ?? {}, fingerprint) : [],
  };
}

function recoveries(strikes: readonly Strike[]) {
  const times = strikes.flatMap(({ at, recoveredAt }) => (recoveredAt === undefined ? [] : recoveredAt - at));
  return {
    faults: strikes.length,
    recovered: times.length,
    longestRecoverySeconds: Math.max(0, ...times),
  };
}

function problemsOf(runs: readonly RunRow[]): string[] {
  return runs.flatMap(({ id, seed, error, differs }) => [
    ...(error === undefined ? [] : [`${id} (seed ${seed}) has no result: ${error}`]),
    ...(differs.length === 0 ? [] : [`${id} (seed ${seed}) differs in ${differs.join(', ')}`]),
  ]);
}

function unrecovered(strikes: readonly Strike[]): string[] {
  return strikes
    .filter(({ recoveredAt }) => recoveredAt === undefined)
    .map(
      ({ fault: { number, kind, target } }) => `nothing went on after fault ${number}, ${kind} (${target})`,
    );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
