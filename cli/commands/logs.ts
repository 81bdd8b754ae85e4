/**
 * @file `distillery logs`: what happened in a run.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Command } from 'commander';

import { DistilleryError } from '../../errors/errors.js';
import { type CommandContext, commandWithExamples, serversOf } from '../command-context.js';
import type { LogEntry } from '../runs/log.js';
import { printable } from '../terminal/escape.js';
import { formatClock, formatDateTime } from '../terminal/format.js';
import type { Terminal } from '../terminal/terminal.js';
import { columnsOf, pad, truncate, wrapped } from '../terminal/width.js';

interface LogsOptions {
  readonly follow?: true;
  readonly json?: true;
}

const help = `
All of it is on record at Temporal: the histories of the run and its stages, and
the heartbeats of what is running now. What a worker process itself prints stays
with that worker: in its terminal or journal, or in logs/up.log of the state
folder for \`distillery up --detach\`.`;

const intervalMs = 2_000;
/** While following, how far one unit is need not be said more often. */
const quietMs = 15_000;
const widestStage = 24;

export function logsCommand(context: CommandContext): Command {
  return commandWithExamples('logs', 'Show what happened in a run: starts, ends, failures, preemptions.', [
    { command: 'distillery logs fmnist', meaning: 'all stages, in order of time' },
    { command: 'distillery logs fmnist distill --follow', meaning: 'one stage, until the run ends' },
    { command: 'distillery logs fmnist --json', meaning: 'one JSON object a line' },
  ])
    .addHelpText('after', help)
    .argument('<id>', 'workflow id of the run')
    .argument('[stage]', 'only this stage; one with a matrix stands for its cells')
    .option('-f, --follow', 'go on until the run ends')
    .option('--json', 'print one JSON object a line')
    .action(async (id: string, stage: string | undefined, options: LogsOptions) => {
      const { connectTemporal } = await import('../temporal/connect.js');
      const { RunLog } = await import('../runs/log.js');
      const temporal = await connectTemporal(serversOf(context));
      const log = new RunLog(temporal.client, id);
      const printer = new Printer(context.out, options.json === true);
      const said = new Set<string>();
      const progress = new Map<string, number>();
      try {
        for (;;) {
          const { entries, isOver } = await log.read();
          checkStage(id, stage, entries, isOver || options.follow !== true);
          for (const entry of entries.filter((each) => isOf(each, stage))) {
            if (said.has(entry.id)) continue;
            if (options.follow && entry.kind === 'progress' && !due(entry, progress)) continue;
            said.add(entry.id);
            printer.print(entry);
          }
          if (isOver || options.follow !== true) return;
          await sleep(intervalMs);
        }
      } finally {
        await temporal.close();
      }
    });
}

function isOf(entry: LogEntry, stage: string | undefined): boolean {
  return stage === undefined || entry.stage === stage || entry.stage?.replace(/\[.*$/, '') === stage;
}

function checkStage(
  id: string,
  stage: string | undefined,
  entries: readonly LogEntry[],
  isComplete: boolean,
): void {
  if (stage === undefined || !isComplete || entries.some((entry) => isOf(entry, stage))) return;
  const known = [...new Set(entries.flatMap((entry) => entry.stage ?? []))];
  throw new DistilleryError(
    'InvalidDefinition',
    `No stage "${stage}" of the run "${id}" has started. ` +
      (known.length === 0 ? 'None has.' : `These have: ${known.join(', ')}.`),
  );
}

function due({ stage = '', unit = '', at }: LogEntry, last: Map<string, number>): boolean {
  const name = `${stage} ${unit}`;
  const time = Date.parse(at);
  if (time - (last.get(name) ?? 0) < quietMs) return false;
  last.set(name, time);
  return true;
}

class Printer {
  private day = '';
  private stageColumns = 9;

  constructor(
    private readonly out: Terminal,
    private readonly json: boolean,
  ) {}

  print(entry: LogEntry): void {
    const { out } = this;
    if (this.json) {
      out.line(JSON.stringify({ ...entry, id: undefined }));
      return;
    }
    const { dim, bold } = out.colours;
    const at = new Date(entry.at);
    const day = formatDateTime(at).slice(0, 10);
    if (day !== this.day) out.line(dim(day));
    this.day = day;
    const stage = truncate(printable(entry.stage ?? 'run'), widestStage);
    this.stageColumns = Math.max(this.stageColumns, columnsOf(stage));
    const head = `${formatClock(at)}  ${pad(stage, this.stageColumns)}  `;
    const text = printable(entry.unit === undefined ? entry.message : `${entry.unit}: ${entry.message}`);
    // Whatever reads a pipe or a file wants one line for one entry.
    const lines = out.interactive ? wrapped(text, Math.max(20, out.columns - head.length - 1)) : [text];
    const colour = this.colourOf(entry);
    out.line(
      `${dim(formatClock(at))}  ${bold(pad(stage, this.stageColumns))}  ` +
        lines.map(colour).join(`\n${' '.repeat(head.length)}`),
    );
  }

  private colourOf({ kind, message }: LogEntry): (text: string) => string {
    const { red, yellow, green, dim } = this.out.colours;
    if (kind === 'failure' || (kind === 'ended' && message.includes('failed'))) return red;
    if (kind === 'preemption' || kind === 'told') return yellow;
    if (kind === 'ended') return green;
    return kind === 'started' || kind === 'progress' ? dim : (text) => text;
  }
}
