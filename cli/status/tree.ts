/**
 * @file The tree of stages that `status`, `run` and `demo` draw.
 */
import { printable, printableLines } from '../terminal/escape.js';
import { formatDateTime, formatDuration } from '../terminal/format.js';
import type { Terminal } from '../terminal/terminal.js';
import { columnsOf, pad, truncate, wrapped } from '../terminal/width.js';
import type { RunView, StageView } from './view.js';
import {
  glyph,
  metricWords,
  outcomeWords,
  paceWords,
  secondsOf,
  troubleWords,
  waitingWords,
} from './words.js';

const widestId = 24;
const widestBar = 16;
const narrowestBar = 6;
const narrowestText = 20;
/** Running units shown per stage; a stage with hundreds of experts must still fit on a screen. */
const mostUnits = 4;

/** The lines of the tree, at most `terminal.columns` wide. Times count up to `now`, in milliseconds. */
export function treeLines(
  run: RunView,
  terminal: Pick<Terminal, 'colours' | 'columns'>,
  now: number,
): string[] {
  const { colours, columns } = terminal;
  const idColumns = Math.min(
    widestId,
    Math.max(0, ...run.stages.map((stage) => columnsOf(printable(stage.id)))),
  );
  const countColumns = Math.max(0, ...run.stages.map((stage) => countOf(stage).length));
  const lines = [headLine(run, terminal, now)];
  run.stages.forEach((stage, index) => {
    const last = index === run.stages.length - 1;
    const branch = colours.dim(last ? '└─' : '├─');
    const trunk = colours.dim(last ? '  ' : '│ ');
    const id = pad(truncate(printable(stage.id), idColumns), idColumns);
    const left = `${branch} ${glyph(stage.state, colours)} ${id}  `;
    const indent = `${trunk}${' '.repeat(columnsOf(left) - 2)}`;
    lines.push(left + stageWords(stage, countColumns, columns - columnsOf(left), colours, now));
    for (const detail of detailLines(stage, colours, columns - columnsOf(left))) lines.push(indent + detail);
  });
  if (run.error !== undefined)
    lines.push('', ...wrapped(printableLines(run.error), columns).map(colours.red));
  if (run.note !== undefined)
    lines.push('', ...wrapped(printableLines(run.note), columns).map(colours.yellow));
  return lines.map((line) => truncate(line, columns));
}

function headLine(run: RunView, { colours }: Pick<Terminal, 'colours'>, now: number): string {
  const seconds = secondsOf(lifeOf(run), now);
  const time = seconds === undefined ? '' : formatDuration(seconds);
  const state = {
    compiling: 'reading the definition',
    running: `running for ${time}`,
    paused: colours.yellow(pauseWords(run)),
    finished: colours.green(`finished in ${time}`),
    failed: colours.red(`failed after ${time}`),
    cancelled: colours.yellow(`cancelled after ${time}`),
  }[run.state];
  const name = run.name === run.workflowId || run.name === '' ? '' : `  ${printable(run.name)}`;
  return `${colours.bold(printable(run.workflowId))}${name}  ${state}`;
}

/** `paused since 12:03 (maintenance)`. */
function pauseWords({ paused }: RunView): string {
  if (paused === undefined) return 'paused';
  const why = paused.reason === undefined ? '' : ` (${printable(paused.reason)})`;
  return `paused since ${formatDateTime(new Date(paused.since))}${why}`;
}

/** When the server does not say when a run ended, it ended with the last of its stages. */
function lifeOf(run: RunView): { startedAt?: string; finishedAt?: string } {
  const ends = run.stages.flatMap((stage) => stage.finishedAt ?? []).sort();
  const over = run.state !== 'running' && run.state !== 'compiling' && run.state !== 'paused';
  const finishedAt = over ? (run.finishedAt ?? ends.at(-1)) : undefined;
  return { startedAt: run.startedAt, ...(finishedAt === undefined ? {} : { finishedAt }) };
}

function countOf(stage: StageView): string {
  const counted = ['running', 'paused', 'failed', 'cancelled'].includes(stage.state);
  return counted && stage.total > 0 ? `${stage.done}/${stage.total}` : '';
}

function stageWords(
  stage: StageView,
  countColumns: number,
  space: number,
  colours: Terminal['colours'],
  now: number,
): string {
  if (stage.state !== 'running' || stage.total === 0) {
    const words = outcomeWords(stage, now);
    return stage.state === 'waiting' || stage.state === 'skipped' ? colours.dim(words) : words;
  }
  const percent = `${String(Math.floor(stage.fraction * 100)).padStart(3)} %`;
  const pace = paceWords(stage)
    .map((word) => `  ${word}`)
    .join('');
  const fixed = countColumns + 2 + percent.length + columnsOf(pace) + 1;
  const barColumns = Math.max(narrowestBar, Math.min(widestBar, space - fixed));
  return `${pad(countOf(stage), countColumns, 'right')} ${bar(stage.fraction, barColumns, colours)} ${percent}${pace}`;
}

function bar(fraction: number, columns: number, { cyan, dim }: Terminal['colours']): string {
  const full = Math.round(fraction * columns);
  return cyan('━'.repeat(full)) + dim('─'.repeat(columns - full));
}

function detailLines(stage: StageView, colours: Terminal['colours'], columns: number): string[] {
  const lines: string[] = [];
  const troubles = troubleWords(stage).map(colours.yellow);
  if (stage.state === 'running') {
    const words = [...metricWords(stage.metrics), ...troubles];
    if (words.length > 0) lines.push(words.join('  '));
    for (const unit of stage.units.slice(0, mostUnits)) {
      const done = unit.total > 0 ? ` ${Math.floor(unit.done)}/${unit.total}` : '';
      lines.push(colours.dim(`${printable(unit.unit)}${done} on ${printable(unit.worker)}`));
    }
    lines.push(...waitingWords(stage).map(colours.yellow));
    const hidden = stage.units.length - mostUnits;
    if (hidden > 0) lines.push(colours.dim(`and ${hidden} more`));
    return lines;
  }
  const say = (text: string, colour: (line: string) => string): void =>
    void lines.push(...wrapped(printableLines(text), Math.max(narrowestText, columns)).map(colour));
  if (stage.error !== undefined) say(stage.error, colours.red);
  if (stage.summary !== undefined) say(stage.summary, colours.dim);
  if (troubles.length > 0) lines.push(troubles.join('  '));
  return lines;
}
