/**
 * @file `distillery artifacts`: what is in the store, and bringing it here.
 */
import { join } from 'node:path';

import type { Command } from 'commander';

import type { ReportOutput } from '../../definition/stages.js';
import { DistilleryError } from '../../errors/errors.js';
import { type CommandContext, commandWithExamples, printJson, serversOf } from '../command-context.js';
import type { Downloaded } from '../results/download.js';
import { printable } from '../terminal/escape.js';
import { formatBytes, formatDateTime } from '../terminal/format.js';
import { tableLines } from '../terminal/table.js';
import { garbageCommand, verifyCommand } from './artifacts-upkeep.js';

export function artifactsCommand(context: CommandContext): Command {
  return commandWithExamples(
    'artifacts',
    'List what is stored, download results, remove garbage, find damage.',
    [
      { command: 'distillery artifacts ls results/', meaning: 'the result folders' },
      { command: 'distillery artifacts get fmnist', meaning: 'the results of a run' },
    ],
  )
    .addCommand(listCommand(context))
    .addCommand(getCommand(context))
    .addCommand(garbageCommand(context))
    .addCommand(verifyCommand(context));
}

function listCommand(context: CommandContext): Command {
  return commandWithExamples('ls', 'List objects whose key begins with a prefix.', [
    { command: 'distillery artifacts ls', meaning: 'everything' },
    { command: 'distillery artifacts ls checkpoints/ --json', meaning: 'for machines' },
  ])
    .argument('[prefix]', 'beginning of the keys', '')
    .option('--json', 'print JSON')
    .action(async (prefix: string, options: { json?: true }) => {
      const { openStore } = await import('../../artifacts/s3-store.js');
      const store = await openStore({ ...serversOf(context) }, { readOnly: true });
      const { out } = context;
      const objects = [];
      for await (const object of store.list(prefix)) objects.push(object);
      if (options.json) {
        printJson(out, objects);
        return;
      }
      if (objects.length === 0) {
        out.line(`Nothing in ${printable(store.location)} begins with "${printable(prefix)}".`);
        return;
      }
      const rows = objects.map(({ key, bytes, lastModified }) => [
        printable(key),
        formatBytes(bytes),
        formatDateTime(lastModified),
      ]);
      // In a pipe keys stay whole: they are for the next command.
      const width = { colours: out.colours, columns: out.interactive ? out.columns : Infinity };
      const columns = [
        { title: 'KEY', flexible: true },
        { title: 'SIZE', align: 'right' as const },
        { title: 'WRITTEN' },
      ];
      for (const line of tableLines(columns, rows, width)) out.line(line);
    });
}

function getCommand(context: CommandContext): Command {
  return commandWithExamples('get', 'Download the results of a run, or everything below a prefix.', [
    { command: 'distillery artifacts get fmnist', meaning: 'into results/fmnist' },
    { command: 'distillery artifacts get results/fmnist-01ab/ --to here', meaning: 'by key prefix' },
  ])
    .argument('<run-or-prefix>', 'workflow id of a finished run, or a key prefix')
    .option('--to <dir>', 'folder to write to (default: results/NAME)')
    .action(async (name: string, options: { to?: string }) => {
      const { openStore } = await import('../../artifacts/s3-store.js');
      const { downloadPrefix, downloadReferences } = await import('../results/download.js');
      const environment = serversOf(context);
      const store = await openStore({ ...environment }, { readOnly: true });
      const report = await reportOfRun(name, context);
      const directory = options.to ?? join('results', lastPart(report === undefined ? name : `runs/${name}`));
      const files =
        report === undefined
          ? await downloadPrefix(store, name, directory)
          : await downloadReferences(store, report.files, report.folder, directory);
      if (files.length === 0)
        throw new DistilleryError(
          'InvalidDefinition',
          `There is no run "${name}" with results, and nothing in ${store.location} begins with "${name}". ` +
            'Look with `distillery list` and `distillery artifacts ls`.',
        );
      summarise(files, directory, context);
    });
}

/** The report of a finished run of that id; undefined when there is none or no Temporal to ask. */
async function reportOfRun(id: string, context: CommandContext): Promise<ReportOutput | undefined> {
  if (id.endsWith('/')) return undefined;
  const { connectTemporal } = await import('../temporal/connect.js');
  const { reportOf } = await import('../temporal/report-of.js');
  const temporal = await connectTemporal(serversOf(context)).catch(() => undefined);
  try {
    return temporal && (await reportOf(temporal.client, id));
  } finally {
    await temporal?.close();
  }
}

function summarise(files: readonly Downloaded[], directory: string, { out }: CommandContext): void {
  const fetched = files.filter((file) => file.fetched);
  const bytes = fetched.reduce((sum, file) => sum + file.bytes, 0);
  const kept = files.length - fetched.length;
  out.line(
    `${fetched.length} files (${formatBytes(bytes)}) written to ${printable(directory)}` +
      (kept > 0 ? `, ${kept} were there already.` : '.'),
  );
  const page = files.find((file) => file.path.endsWith('report.html'));
  if (page !== undefined) out.line(`Open ${printable(page.path)} in a browser.`);
}

function lastPart(key: string): string {
  return (
    key
      .split('/')
      .filter((part) => part !== '' && part !== '..' && part !== '.')
      .at(-1) ?? 'store'
  );
}
