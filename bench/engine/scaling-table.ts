/**
 * @file The table of `--scaling`.
 */
import { tableLines } from '../../cli/terminal/table.js';
import type { Terminal } from '../../cli/terminal/terminal.js';
import type { ScalingRow } from './scaling.js';
import { formatSeconds } from './table.js';

export function scalingLines(rows: readonly ScalingRow[], terminal: Pick<Terminal, 'colours'>): string[] {
  const number = (value: number | undefined): string => (value === undefined ? '-' : value.toFixed(1));
  return tableLines(
    [
      { title: 'AXIS' },
      { title: 'POINT' },
      { title: 'TIME', align: 'right' },
      { title: 'GFLOP/S', align: 'right' },
      { title: 'GB/S', align: 'right' },
    ],
    rows.map(({ axis, point, seconds, gflops, gigabytes }) => [
      axis,
      point,
      formatSeconds(seconds),
      number(gflops),
      number(gigabytes),
    ]),
    { columns: 120, colours: terminal.colours },
  );
}
