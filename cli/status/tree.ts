/**
 * @file The tree of stages that `status`, `run` and `demo` draw.
 */
import { printable, printableLines } from '../terminal/escape.js';
import { formatDateTime, formatDuration } from '../terminal/format.js';
import type { Terminal } from '../terminal/terminal.js';
import { columnsOf, pad, truncate, wrapped } from '../terminal/width.js';
import { stateWords } from '../../workflows/matrix-status.js';
import { endedCells, isMatrix, type MatrixRow, rowsOf, stateOf } from './rows.js';
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

const widestId = 32;
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
  const rows = rowsOf(run);
  const shown = rows.flatMap((row) => (isMatrix(row) ? row.cells : [row]));
  const ids = [
    ...shown.map(({ id }) => id),
    ...rows.flatMap((row) => (isMatrix(row) ? [row.matrix.id] : [])),
  ];
  const idColumns = Math.min(widestId, Math.max(0, ...ids.map((id) => columnsOf(printable(id)))));
  const countColumns = Math.max(0, ...shown.map((stage) => countOf(stage).length));
  const lines = [headLine(run, terminal, now)];
  rows.forEach((row, index) => {
    const last = index === rows.length - 1;
    const branch = colours.dim(last ? '└─' : '├─');
    const trunk = colours.dim(last ? '  ' : '│ ');
    if (!isMatrix(row)) {
      stageLines(row, branch, trunk);
      return;
    }
    const id = pad(truncate(printable(row.matrix.id), idColumns), idColumns);
    lines.push(
      `${branch} ${glyph(stateOf(row.matrix), colours)} ${id}  ${matrixWords(row.matrix, colours, now)}`,
    );
    for (const cell of row.cells) stageLines(cell, `${trunk} ${colours.dim('·')}`, `${trunk}  `);
    if (row.hidden > 0) lines.push(`${trunk}   ${colours.dim(`and ${row.hidden} more cells`)}`);
  });
  function stageLines(stage: StageView, branch: string, trunk: string): void {
    const id = pad(truncate(printable(stage.id), idColumns), idColumns);
    const left = `${branch} ${glyph(stage.state, colours)} ${id}  `;
    const indent = `${trunk}${' '.repeat(columnsOf(left) - columnsOf(trunk))}`;
    lines.push(left + stageWords(stage, countColumns, columns - columnsOf(left), colours, now));
    for (const detail of detailLines(stage, colours, columns - columnsOf(left))) lines.push(indent + detail);
  }
  if (run.error !== undefined)
    lines.push('', ...wrapped(printableLines(run.error), columns).map(colours.red));
  if (run.note !== undefined)
    lines.push('', ...wrapped(printableLines(run.note), columns).map(colours.yellow));
  return lines.map((line) => truncate(line, columns));
}

/** `7/12 cells ━━━━━─── 5 finished, 2 cached, 2 running, 3 waiting  4 preemptions`. */
function matrixWords(matrix: MatrixRow['matrix'], colours: Terminal['colours'], now: number): string {
  const ended = endedCells(matrix);
  const troubles = [
    ...(matrix.failures > 0 ? [`${matrix.failures} failures`] : []),
    ...(matrix.preemptions > 0 ? [`${matrix.preemptions} preemptions`] : []),
  ].map((word) => `  ${colours.yellow(word)}`);
  if (matrix.states.waiting === matrix.cells)
    return colours.dim(
      `${matrix.cells} cells wait${matrix.needs.length > 0 ? ` for ${matrix.needs.map(printable).join(', ')}` : ''}`,
    );
  const seconds = matrix.finishedAt === undefined ? undefined : secondsOf(matrix, now);
  const took = seconds === undefined ? '' : ` in ${formatDuration(seconds)}`;
  const progress = ended === matrix.cells ? '' : ` ${bar(ended / matrix.cells, narrowestBar, colours)}`;
  return `${ended}/${matrix.cells} cells${progress}  ${stateWords(matrix)}${took}${troubles.join('')}`;
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
