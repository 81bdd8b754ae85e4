/**
 * @file Plain aligned tables: a header, no lines, two spaces between columns.
 */
import type { Terminal } from './terminal.js';
import { columnsOf, pad, truncate } from './width.js';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** The column that gives way when the table is wider than the terminal; at most one. */
  readonly flexible?: boolean;
}

const gap = '  ';
const narrowest = 8;

/** The lines of a table, cut to the terminal's width. Cells must be printable already. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  terminal: Pick<Terminal, 'columns' | 'colours'>,
): string[] {
  const widths = columns.map((column, index) =>
    Math.max(columnsOf(column.title), ...rows.map((row) => columnsOf(row[index] ?? ''))),
  );
  const total = widths.reduce((sum, width) => sum + width, 0) + gap.length * (columns.length - 1);
  const flexible = columns.findIndex((column) => column.flexible);
  if (total > terminal.columns && flexible >= 0) {
    const width = widths[flexible] ?? 0;
    widths[flexible] = Math.max(narrowest, width - (total - terminal.columns));
  }
  const layOut = (cells: readonly string[]): string =>
    truncate(
      columns
        .map((column, index) => {
          const width = widths[index] ?? 0;
          return pad(truncate(cells[index] ?? '', width), width, column.align);
        })
        .join(gap)
        .trimEnd(),
      terminal.columns,
    );
  const header = layOut(columns.map((column) => column.title));
  return [terminal.colours.dim(header), ...rows.map(layOut)];
}
