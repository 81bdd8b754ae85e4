/**
 * @file The words that trees and progress lines share: states, metrics, troubles.
 */
import type { StageState } from '../../definition/stages.js';
import { budgetWords } from '../../workflows/summary.js';
import { printable } from '../terminal/escape.js';
import { formatAccuracy, formatDuration, formatRate, formatValue } from '../terminal/format.js';
import type { Terminal } from '../terminal/terminal.js';
import type { StageView } from './view.js';

export function glyph(state: StageState, { green, cyan, red, yellow, dim }: Terminal['colours']): string {
  switch (state) {
    case 'finished':
    case 'cached':
      return green('✓');
    case 'running':
      return cyan('●');
    case 'paused':
      return yellow('‖');
    case 'failed':
      return red('✗');
    case 'cancelled':
      return yellow('■');
    case 'skipped':
      return dim('–');
    case 'waiting':
      return dim('○');
  }
}

const metricNames: Readonly<Record<string, string>> = {
  learnedRate: 'learned rate',
  holdoutAccuracy: 'held-out accuracy',
  kernelHoldoutAccuracy: 'kernel held-out accuracy',
  kernelTestAccuracy: 'kernel test accuracy',
};
/** Shown as a speed instead. */
const paceMetrics: ReadonlySet<string> = new Set(['secondsPerIteration']);

/** `loss 0.9123  learned rate 0.0123  accuracy 71.20 %`. */
export function metricWords(metrics: Readonly<Record<string, number>>): string[] {
  return Object.entries(metrics)
    .filter(([name]) => !paceMetrics.has(name))
    .map(([name, value]) => {
      const shown = /accuracy/i.test(name) ? formatAccuracy(value) : formatValue(value);
      return `${printable(metricNames[name] ?? name)} ${shown}`;
    });
}

/** `2 failures, 5 preemptions`, `expert 3: 2 of 3 failures`; nothing when nothing happened. */
export function troubleWords(stage: StageView): string[] {
  return budgetWords(stage).map(printable);
}

/** `waiting for the store: ECONNREFUSED (waited 12 s), at …`, when a unit says so. */
export function waitingWords({ units }: Pick<StageView, 'units'>): string[] {
  const reason = units.find(({ waiting }) => waiting !== undefined)?.waiting;
  return reason === undefined ? [] : [`waiting for ${printable(reason)}`];
}

/** `0.81/s`, `ETA 3 min 40 s`. */
export function paceWords(stage: Pick<StageView, 'rate' | 'etaSeconds'>): string[] {
  const words: string[] = [];
  if (stage.rate !== undefined) words.push(formatRate(stage.rate));
  if (stage.etaSeconds !== undefined) words.push(`ETA ${formatDuration(Math.max(1, stage.etaSeconds))}`);
  return words;
}

/** Seconds from start to finish, or to `now` while it runs. */
export function secondsOf(
  stage: Pick<StageView, 'startedAt' | 'finishedAt'>,
  now: number,
): number | undefined {
  if (stage.startedAt === undefined) return undefined;
  const end = stage.finishedAt === undefined ? now : Date.parse(stage.finishedAt);
  return Math.max(0, (end - Date.parse(stage.startedAt)) / 1000);
}

/** How a stage that no longer runs ended: `in 48 s`, `from an earlier run`, the reason of a failure. */
export function outcomeWords(stage: StageView, now: number): string {
  const seconds = secondsOf(stage, now);
  const took = seconds === undefined ? '' : ` in ${formatDuration(seconds)}`;
  switch (stage.state) {
    case 'waiting':
      return stage.needs.length > 0 ? `waits for ${stage.needs.map(printable).join(', ')}` : 'waits';
    case 'running':
      return 'runs';
    case 'paused':
      return `paused at ${Math.floor(stage.fraction * 100)} %`;
    case 'cached':
      return 'already in the store, reused';
    case 'finished':
      return `finished${took}`;
    case 'failed':
      return `failed${seconds === undefined ? '' : ` after ${formatDuration(seconds)}`}`;
    case 'cancelled':
      return 'cancelled';
    case 'skipped':
      return 'skipped';
  }
}
