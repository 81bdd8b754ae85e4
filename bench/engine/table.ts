/**
 * @file The results as a table for people.
 */
import { formatBytes } from '../../cli/terminal/format.js';
import type { Column } from '../../cli/terminal/table.js';
import type { CaseResult, SideResult } from './compare.js';
import type { Ratio } from './statistics.js';

export const columns: readonly Column[] = [
  { title: 'WORK', flexible: true },
  { title: 'OURS', align: 'right' },
  { title: 'PYTORCH', align: 'right' },
  { title: 'RATIO', align: 'right' },
  { title: 'SPREAD', align: 'right' },
  { title: 'TARGET', align: 'right' },
  { title: 'MEMORY', align: 'right' },
  { title: 'PYTORCH', align: 'right' },
  { title: 'RATIO', align: 'right' },
  { title: 'TARGET', align: 'right' },
  { title: 'NUMBERS' },
];

/** The cells of one case, in the order of `columns`. */
export function cells(result: CaseResult): string[] {
  const { ours, torch, ratio, memoryRatio, timeTarget, memoryTarget } = result;
  if (ours === undefined) return [result.title, 'not available'];
  return [
    result.title,
    seconds(ours),
    seconds(torch),
    ratio === undefined ? '-' : ratio.value.toFixed(2),
    ratio === undefined ? '-' : spread(ratio),
    verdict(ratio?.value, timeTarget),
    memory(ours),
    memory(torch),
    memoryRatio === undefined ? '-' : memoryRatio.toFixed(2),
    verdict(memoryRatio, memoryTarget),
    agreement(result),
  ];
}

function spread({ from, to }: Ratio): string {
  return `${from.toFixed(2)}-${to.toFixed(2)}`;
}

/** `<= 1.0 met`, `<= 1.0 missed`; a dash without a target. */
export function verdict(value: number | undefined, target: number | undefined): string {
  if (target === undefined) return '-';
  const met = value === undefined ? '' : value <= target ? ' met' : ' missed';
  return `<= ${target.toFixed(1)}${met}`;
}

function seconds(side: SideResult | undefined): string {
  return side === undefined ? '-' : formatSeconds(side.median);
}

/** Three digits: `0.123 s` as `123 ms`, `12.3 s`. */
export function formatSeconds(value: number): string {
  if (value < 1) return `${(value * 1000).toPrecision(3)} ms`;
  return value < 1000 ? `${value.toPrecision(3)} s` : `${Math.round(value)} s`;
}

function memory(side: SideResult | undefined): string {
  return side?.peakBytes === undefined ? '-' : formatBytes(side.peakBytes);
}

function agreement({ checks }: CaseResult): string {
  if (checks.length === 0) return '-';
  const apart = checks.filter(({ relativeError, tolerance }) => !(relativeError < tolerance));
  if (apart.length > 0) return `DIFFER in ${apart.map(({ tensor }) => tensor).join(', ')}`;
  const worst = Math.max(...checks.map(({ relativeError }) => relativeError));
  return `agree to ${worst.toExponential(0)}`;
}

/** Peak memory and time of two lengths of the same match, which should grow by nothing and in proportion. */
export function growthLine(results: readonly CaseResult[]): string | undefined {
  const matches = results.filter(({ name, ours }) => name.startsWith('match-n') && ours !== undefined);
  const [short, long] = matches;
  if (short?.ours === undefined || long?.ours === undefined) return undefined;
  const steps = ({ name }: CaseResult): number => Number(name.replace('match-n', ''));
  const perStep = long.ours.median / steps(long) / (short.ours.median / steps(short));
  const peak = (long.ours.peakBytes ?? NaN) / (short.ours.peakBytes ?? NaN);
  return (
    `from N=${steps(short)} to N=${steps(long)}: time per student step x ${perStep.toFixed(2)}` +
    (Number.isFinite(peak) ? `, peak memory x ${peak.toFixed(2)} (target <= 1.05)` : '')
  );
}
