/**
 * @file `distillery artifacts gc` and `verify`: keeps the store small, and finds what is damaged in it.
 */
import { type Command, InvalidArgumentError } from 'commander';

import type { GarbageReport } from '../../artifacts/garbage.js';
import { parseDuration } from '../../definition/duration.js';
import { DistilleryError } from '../../errors/errors.js';
import { type CommandContext, commandWithExamples, printJson, serversOf } from '../command-context.js';
import { printable } from '../terminal/escape.js';
import { formatBytes } from '../terminal/format.js';
import { tableLines } from '../terminal/table.js';

/** These read much, and a hiccup in between must not be the end. */
const patienceMs = 60_000;
/** Keys shown of a list that may be long. */
const mostKeys = 20;

interface GarbageArguments {
  readonly dryRun?: boolean;
  readonly olderThan: number;
  readonly json?: true;
}

export function garbageCommand(context: CommandContext): Command {
  return commandWithExamples('gc', 'Remove what nothing refers to and nobody has written for long.', [
    { command: 'distillery artifacts gc --dry-run', meaning: 'what would be removed' },
    { command: 'distillery artifacts gc --older-than 30d', meaning: 'keep a month' },
  ])
    .option('--dry-run', 'count, and remove nothing')
    .option('--older-than <duration>', 'what is younger stays; 1d at least', ageInSeconds, 7 * 86_400)
    .option('--json', 'print JSON')
    .action(async ({ dryRun = false, olderThan, json }: GarbageArguments) => {
      const { openStore } = await import('../../artifacts/s3-store.js');
      const { collectGarbage } = await import('../../artifacts/garbage.js');
      const store = await openStore({ ...serversOf(context) }, { readOnly: true, patienceMs });
      const say = (line: string): void => context.err.line(line);
      const report = await collectGarbage(store, { olderThanMs: olderThan * 1000, dryRun, say });
      if (json) printJson(context.out, report);
      else summarise(report, context);
      if (report.unreadable.length > 0)
        throw new DistilleryError(
          'Corrupt',
          `No blobs were removed, as these documents are damaged and may refer to any: ${some(report.unreadable)}. ` +
            'Remove what is damaged with `distillery artifacts verify --remove`, run the pipeline again if you ' +
            'want it back, then collect again.',
        );
    });
}

export function verifyCommand(context: CommandContext): Command {
  return commandWithExamples('verify', 'Read all that is stored and name what is damaged or missing.', [
    { command: 'distillery artifacts verify', meaning: 'look' },
    { command: 'distillery artifacts verify --remove', meaning: 'the next run makes it again' },
  ])
    .option('--remove', 'remove what is damaged')
    .option('--json', 'print JSON')
    .action(async ({ remove = false, json }: { remove?: boolean; json?: true }) => {
      const { openStore } = await import('../../artifacts/s3-store.js');
      const { verifyStore } = await import('../../artifacts/verify.js');
      const store = await openStore({ ...serversOf(context) }, { readOnly: true, patienceMs });
      const { out, err } = context;
      const report = await verifyStore(store, { remove, say: (line) => err.line(line) });
      const { findings } = report;
      if (json) printJson(out, report);
      else {
        for (const { key, problem, detail } of findings)
          out.line(`${problem}  ${printable(key)}  (${printable(detail)})`);
        out.line(
          `${report.objects} objects (${formatBytes(report.bytes)}) read, ${findings.length} not as they should be.`,
        );
      }
      if (findings.length === 0) return;
      const advice = remove
        ? 'What was damaged is removed. Start the pipeline again to make it anew; import a data set again.'
        : '`distillery artifacts verify --remove` removes what is damaged; the next run then makes it again.';
      throw new DistilleryError('Corrupt', `Something in ${store.location} is damaged or missing. ${advice}`);
    });
}

function ageInSeconds(text: string): number {
  const seconds = parseDuration(text);
  if (seconds === undefined || seconds < 86_400)
    throw new InvalidArgumentError(
      'Give a duration of 1d or more, such as 7d: what is younger may belong to a run that has not named it yet.',
    );
  return seconds;
}

function summarise({ dryRun, removed }: GarbageReport, { out }: CommandContext): void {
  const words = dryRun ? 'would be removed' : 'removed';
  if (removed.length === 0) {
    out.line(`Nothing ${words}.`);
    return;
  }
  const rows = removed.map(({ kind, objects, bytes }) => [kind, String(objects), formatBytes(bytes)]);
  const columns = [
    { title: 'KIND' },
    { title: 'OBJECTS', align: 'right' as const },
    { title: 'SIZE', align: 'right' as const },
  ];
  for (const line of tableLines(columns, rows, { colours: out.colours, columns: out.columns }))
    out.line(line);
  const bytes = removed.reduce((sum, kind) => sum + kind.bytes, 0);
  out.line(`${formatBytes(bytes)} ${words}.`);
}

function some(keys: readonly string[]): string {
  const shown = keys.slice(0, mostKeys).map(printable).join(', ');
  return keys.length > mostKeys ? `${shown} and ${keys.length - mostKeys} more` : shown;
}
