/**
 * @file `distillery compare`: runs side by side.
 */
import type { Command } from 'commander';

import { type CommandContext, commandWithExamples, printJson, serversOf } from '../command-context.js';
import { valueText } from '../plans/difference-lines.js';
import { type Comparison, measuredText, type Row } from '../runs/comparison.js';
import { printable } from '../terminal/escape.js';
import { tableLines } from '../terminal/table.js';
import { columnsOf, truncate } from '../terminal/width.js';

export function compareCommand(context: CommandContext): Command {
  return commandWithExamples('compare', 'Show settings, results and costs of runs side by side.', [
    { command: 'distillery compare ipc1 ipc10', meaning: 'two runs' },
    { command: 'distillery compare ipc1 ipc10 ipc50 --json', meaning: 'three, for machines' },
  ])
    .addHelpText('after', '\nReads what Temporal has on record; no worker has to answer.')
    .argument('<ids...>', 'workflow ids of the runs')
    .option('--json', 'print JSON')
    .action(async (ids: string[], { json }: { json?: true }) => {
      const { connectTemporal } = await import('../temporal/connect.js');
      const { readRun } = await import('../runs/run-record.js');
      const { compareRuns } = await import('../runs/comparison.js');
      const temporal = await connectTemporal(serversOf(context));
      try {
        const records = await Promise.all(ids.map((id) => readRun(temporal.client, id)));
        const comparison = compareRuns(records, new Date());
        if (json) printJson(context.out, comparison);
        else show(context, comparison);
      } finally {
        await temporal.close();
      }
    });
}

const widestRun = 24;
const narrowestName = 20;

function show({ out }: CommandContext, { runs, settings, results, circumstances }: Comparison): void {
  const parts: [title: string, rows: readonly Row[], text: (value: unknown) => string][] = [
    ['RUN', circumstances, valueText],
    ['SETTINGS THAT DIFFER', settings, valueText],
    ['RESULTS', results, measuredText],
  ];
  const shown = parts.filter(([, rows]) => rows.length > 0);
  // As many runs side by side as fit; the others follow below.
  const cells = shown.flatMap(([, rows, text]) => rows.flatMap(({ values }) => values.map(text)));
  const width = Math.min(widestRun, Math.max(...[...runs.map(printable), ...cells].map(columnsOf)));
  const name = Math.max(
    narrowestName,
    ...shown.flatMap(([, rows]) => rows.map((row) => columnsOf(row.name))),
  );
  const room = out.columns - Math.min(name, Math.max(narrowestName, Math.floor(out.columns / 2)));
  const fitting = Math.max(1, Math.floor(room / (width + 2)));
  for (let from = 0; from < runs.length; from += fitting) {
    const some = runs.slice(from, from + fitting);
    for (const [title, rows, text] of shown) {
      const lines = tableLines(
        [
          { title, flexible: true },
          ...some.map((run) => ({ title: truncate(printable(run), width), align: 'right' as const })),
        ],
        rows.map((row) => [
          printable(row.name).padEnd(name),
          ...row.values
            .slice(from, from + fitting)
            .map((value) => truncate(text(value), width).padStart(width)),
        ]),
        out,
      );
      for (const line of lines) out.line(line);
      out.line();
    }
  }
}
