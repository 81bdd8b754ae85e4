/**
 * @file `distillery verify`: golden cases through the product's own code paths.
 */

import type { Command } from 'commander';

import type { VerifyRow } from '../../distillation/golden/verify.js';
import { type CommandContext, commandWithExamples, printJson } from '../command-context.js';
import { exitCodes } from '../exit-codes.js';
import { printable } from '../terminal/escape.js';
import type { Terminal } from '../terminal/terminal.js';
import { pad, truncate } from '../terminal/width.js';

export function verifyCommand(context: CommandContext): Command {
  return commandWithExamples('verify', 'Compare the numerics with golden cases.', [
    { command: 'distillery verify test/golden', meaning: 'every case; exit code 1 when one fails' },
    { command: 'distillery verify test/golden --only mtt', meaning: 'cases whose name contains "mtt"' },
  ])
    .argument('<dir>', 'folder with golden.json')
    .option('--only <text>', 'cases whose name contains the text')
    .option('--json', 'print JSON')
    .action(async (directory: string, options: { only?: string; json?: true }) => {
      const { relaunchedForEngine } = await import('../relaunch.js');
      if (await relaunchedForEngine(context.environment)) return;
      const { verifyGolden } = await import('../../distillation/golden/verify.js');
      const { openTensorflowDevice } = await import('../../tensor/tensorflow-device.js');
      const { out } = context;
      const { only = '' } = options;
      const device = await openTensorflowDevice();
      if (!options.json) {
        out.line(
          `${printable(device.info.name)}, ${device.info.threads} threads, ${printable(device.info.device)}`,
        );
        out.line(out.colours.dim(rowText(header, out)));
      }
      const rows = await verifyGolden(directory, device, {
        filter: (name) => name.includes(only),
        ...(options.json ? {} : { onRow: (row) => out.line(rowText(cells(row, out), out)) }),
      });
      if (options.json) printJson(out, rows);
      else out.line(total(rows));
      if (rows.some(({ status }) => status === 'fail')) process.exitCode = exitCodes.failed;
    });
}

/** Rows are printed as they are known, so that the widths are fixed. */
const widths = [28, 24, 9, 9] as const;
const header = ['CASE', 'TENSOR', 'ERROR', 'TOLERANCE', ''];

function rowText(texts: readonly string[], { columns }: Terminal): string {
  const [name = '', tensor = '', error = '', tolerance = '', status = ''] = texts;
  const left = [
    pad(truncate(name, widths[0]), widths[0]),
    pad(truncate(tensor, widths[1]), widths[1]),
    pad(error, widths[2], 'right'),
    pad(tolerance, widths[3], 'right'),
  ].join(' ');
  return truncate(`${left} ${status}`.trimEnd(), Math.max(columns, 80));
}

function cells(row: VerifyRow, { colours }: Terminal): string[] {
  const status = {
    pass: colours.green('pass'),
    fail: colours.red('FAIL'),
    unsupported: colours.yellow('n/a'),
  };
  const number = (value: number | undefined): string => (value === undefined ? '-' : value.toExponential(2));
  const tensor = row.reason === undefined ? row.tensor : row.reason;
  return [
    printable(row.case),
    printable(tensor),
    number(row.relativeError),
    number(row.tolerance),
    status[row.status],
  ];
}

function total(rows: readonly VerifyRow[]): string {
  const count = (status: VerifyRow['status']): number => rows.filter((row) => row.status === status).length;
  const unsupported = count('unsupported');
  return (
    `${count('pass')} passed, ${count('fail')} failed` +
    (unsupported > 0 ? `, ${unsupported} not supported` : '')
  );
}
