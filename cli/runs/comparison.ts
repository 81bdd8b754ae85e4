/**
 * @file Runs beside each other: in which settings they differ, what came out, what it cost.
 */
import { shownSettings } from '../../definition/settings.js';
import type { StageOutput } from '../../definition/stages.js';
import { flat } from '../plans/plan-difference.js';
import { formatAccuracyStd, formatDateTime, formatDuration } from '../terminal/format.js';
import type { RunRecord } from './run-record.js';

/** A line of the table: one value for each run, undefined where it has none. */
export interface Row {
  readonly name: string;
  readonly values: readonly unknown[];
}

export interface Measured {
  readonly mean: number;
  readonly std: number;
}

export interface Comparison {
  readonly runs: readonly string[];
  /** Settings, by the path they have in the definition, that are not the same in all. */
  readonly settings: readonly Row[];
  /** Accuracies; values are `Measured`. */
  readonly results: readonly Row[];
  readonly circumstances: readonly Row[];
}

export function compareRuns(records: readonly RunRecord[], now: Date): Comparison {
  return {
    runs: records.map(({ workflowId }) => workflowId),
    settings: table(records.map(settingsOf)).filter(({ values }) => differ(values)),
    results: table(records.map(resultsOf)),
    circumstances: table(records.map((record) => circumstancesOf(record, now))),
  };
}

/** One row for each name that any of the maps has. */
function table(columns: readonly ReadonlyMap<string, unknown>[]): Row[] {
  const names = new Set(columns.flatMap((column) => [...column.keys()]));
  return [...names].map((name) => ({ name, values: columns.map((column) => column.get(name)) }));
}

function differ(values: readonly unknown[]): boolean {
  return new Set(values.map((value) => JSON.stringify(value))).size > 1;
}

function settingsOf({ plan, definition }: RunRecord): Map<string, unknown> {
  if (plan === undefined) return new Map([['definition', typeof definition === 'string' ? definition : '?']]);
  const { params, seed, dataset, network, stages, name, imports = [] } = plan;
  const ofStages = new Map<string, object>(imports.map(({ id, from }) => [id, { from }]));
  for (const stage of stages) ofStages.set(stage.id, shownSettings(stage));
  return flat({ params, name, seed, dataset, network, ...Object.fromEntries(ofStages) });
}

/** Of every stage that has ended, whether the run has or not. */
function resultsOf({ outcomes }: RunRecord): Map<string, Measured> {
  const results = new Map<string, Measured>();
  for (const [id, { manifest }] of outcomes)
    for (const [name, measured] of accuraciesOf(manifest.output)) results.set(`${id}: ${name}`, measured);
  return results;
}

function accuraciesOf(output: StageOutput): [string, Measured][] {
  switch (output.type) {
    case 'train-experts':
      return [['test accuracy', { mean: output.accuracy, std: output.std }]];
    case 'distill': {
      const chosen = output.candidates.find(({ iteration }) => iteration === output.iteration);
      return chosen === undefined ? [] : [['held-out accuracy', { mean: chosen.accuracy, std: chosen.std }]];
    }
    case 'evaluate':
      return output.rows.map(({ architecture, trainedOn, mean, std }) => [
        `${architecture} on ${trainedOn}`,
        { mean, std },
      ]);
    default:
      return [];
  }
}

function circumstancesOf(record: RunRecord, now: Date): Map<string, unknown> {
  const outcomes = [...record.outcomes.values()];
  const count = (what: 'preemptions' | 'failures'): number =>
    outcomes.reduce((sum, { status }) => sum + status[what], 0);
  const seconds = ((record.endedAt ?? now).getTime() - record.startedAt.getTime()) / 1000;
  return new Map<string, unknown>([
    ['state', record.state],
    ['started', formatDateTime(record.startedAt)],
    ['time', formatDuration(seconds)],
    ['stages reused', `${outcomes.filter(({ state }) => state === 'cached').length} of ${outcomes.length}`],
    ['preemptions', count('preemptions')],
    ['failures', count('failures')],
  ]);
}

export function measuredText(value: unknown): string {
  return isMeasured(value) ? formatAccuracyStd(value.mean, value.std) : '-';
}

function isMeasured(value: unknown): value is Measured {
  return typeof value === 'object' && value !== null && 'mean' in value && 'std' in value;
}
