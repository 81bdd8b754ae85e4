/**
 * @file A campaign: pipelines on real processes that are disturbed all the time, and compared with runs of
 * the same definitions that were left in peace.
 */
import { once } from 'node:events';
import { damageResults, type Aftermath } from './aftermath.js';
import { startCast } from './cast.js';
import { Ledger } from './ledger.js';
import { reportOf, type CampaignReport } from './report.js';
import { run, type RunRecord } from './runs.js';
import { schedule } from './schedule.js';
import { Signs } from './signs.js';
import { strikeAll } from './striking.js';
import { Strikes } from './strikes.js';
import type { PlannedFault } from './kinds/kind.js';

export interface CampaignOptions {
  /** Decides the faults. */
  readonly seed: number;
  /** Faults go on for so long. Runs that are under way then are finished. */
  readonly minutes: number;
  /** Ends the faults earlier, after so many. */
  readonly faults?: number;
  /** How much work a run is; 1 is some ten seconds of computing. */
  readonly work: number;
  /** Seeds of the definitions, each with a reference run of its own. */
  readonly seeds: readonly number[];
  /** Pipelines at once. */
  readonly lanes: number;
  /** Told of what happens, in lines. */
  readonly say: (line: string) => void;
  /** Told now and then how far it is. */
  readonly onProgress?: (progress: CampaignProgress) => void;
  /** Calls the campaign off: everything is killed at once. */
  readonly signal: AbortSignal;
}

export interface CampaignProgress {
  readonly phase: 'reference' | 'faults' | 'finishing';
  /** Since the faults began. */
  readonly seconds: number;
  readonly strikes: Strikes;
  readonly ledger: Ledger;
  readonly runs: readonly RunRecord[];
}

/** After the last fault, runs get so long to come to their end. */
const finishMinutes = 10;
const progressMs = 5_000;

/** Runs the campaign. Rejects only when it cannot be run, or was called off before the first fault. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const { seed, minutes, seeds, lanes, work, say, signal } = options;
  const begun = performance.now();
  const now = () => (performance.now() - begun) / 1000;
  const ledger = new Ledger(now);
  const strikes = new Strikes();
  const signs = new Signs();
  ledger.onSign = (sign) => {
    strikes.sign(sign);
    signs.sign();
  };
  const unasked = new Map<string, number>();
  const errors: string[] = [];
  const references: RunRecord[] = [];
  const runs: RunRecord[] = [];
  let aftermath: Aftermath | undefined;

  const cast = await startCast(ledger, strikes, (worker, said) => {
    if (said !== undefined) unasked.set(said, (unasked.get(said) ?? 0) + 1);
    say(`${worker} is gone${said === undefined ? '' : ` by itself: ${said}`}`);
  });
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal.reason);
  signal.addEventListener('abort', onAbort);
  const settings = { ...cast, work, signal: stop.signal };
  let progress: NodeJS.Timeout | undefined;
  try {
    let phase: CampaignProgress['phase'] = 'reference';
    let faultsFrom = now();
    const tell = () => options.onProgress?.({ phase, seconds: now() - faultsFrom, strikes, ledger, runs });
    progress = setInterval(tell, progressMs);
    for (const each of seeds) {
      const record = await run(settings, `reference-${each}`, each);
      say(
        `${record.id} took ${record.seconds.toFixed(1)} s${record.error === undefined ? '' : `: ${record.error}`}`,
      );
      references.push(record);
    }

    phase = 'faults';
    faultsFrom = now();
    const enough = new AbortController();
    const limit = setTimeout(() => enough.abort(), minutes * 60_000);
    stop.signal.addEventListener('abort', () => enough.abort());
    let number = 0;
    async function lane(): Promise<void> {
      while (!enough.signal.aborted) {
        number += 1;
        const record = await run(settings, `run-${number}`, seeds[number % seeds.length] ?? 0);
        runs.push(record);
        say(
          `${record.id} ended after ${record.seconds.toFixed(1)} s${record.error === undefined ? '' : `: ${record.error}`}`,
        );
      }
    }
    const computing = Promise.all(Array.from({ length: lanes }, () => lane()));
    const striking = strikeAll({
      world: cast.world,
      strikes,
      signs,
      now,
      faults: announced(schedule(seed), say),
      most: options.faults ?? Infinity,
      enough: enough.signal,
    });
    await Promise.race([striking, once(stop.signal, 'abort')]).catch((error: unknown) =>
      errors.push(`a fault could not be done: ${String(error)}`),
    );
    clearTimeout(limit);
    enough.abort();
    phase = 'finishing';
    const last = setTimeout(() => {
      errors.push(`runs were still going on ${finishMinutes} minutes after the last fault`);
      stop.abort(new Error('too late'));
    }, finishMinutes * 60_000);
    await computing.catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
    clearTimeout(last);
    const [finished] = runs.filter(({ result }) => result !== undefined);
    if (finished?.result !== undefined && !stop.signal.aborted)
      aftermath = await damageResults(settings, finished, finished.result);
  } finally {
    clearInterval(progress);
    signal.removeEventListener('abort', onAbort);
    stop.abort();
    await cast.stop();
  }
  if (signal.aborted) errors.push('the campaign was called off');
  return reportOf({ seed, seconds: now(), ledger, strikes, references, runs, aftermath, unasked, errors });
}

function* announced(faults: Iterable<PlannedFault>, say: (line: string) => void): Generator<PlannedFault> {
  for (const fault of faults) {
    const { number, kind, target, way, lastsSeconds } = fault;
    say(`next is fault ${number}: ${kind}${way === '' ? '' : ` (${way})`}, ${target}, ${lastsSeconds} s`);
    yield fault;
  }
}
