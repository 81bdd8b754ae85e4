/**
 * @file The difference between two plans for people.
 */
import { printable } from '../terminal/escape.js';
import { tableLines } from '../terminal/table.js';
import type { Terminal } from '../terminal/terminal.js';
import { pad, wrapped } from '../terminal/width.js';
import type { Difference, PlanDifference, StageDifference } from './plan-difference.js';

type Colours = Terminal['colours'];

export function differenceLines(
  { params, stages }: PlanDifference,
  terminal: Pick<Terminal, 'columns' | 'colours'>,
): string[] {
  const width = Math.max(0, ...stages.map(({ id }) => printable(id).length));
  return [
    ...(params.length === 0
      ? []
      : [
          ...tableLines(
            [{ title: 'PARAMETER' }, { title: 'BEFORE' }, { title: 'AFTER', flexible: true }],
            params.map(({ path, before, after }) => [printable(path), valueText(before), valueText(after)]),
            terminal,
          ),
          '',
        ]),
    ...stages.flatMap((stage) => stageLines(stage, width, terminal)),
    '',
    summary(stages),
  ];
}

function stageLines(
  stage: StageDifference,
  width: number,
  { columns, colours }: Pick<Terminal, 'columns' | 'colours'>,
): string[] {
  const head = `${mark(stage.kind, colours)} ${pad(printable(stage.id), width)}  `;
  const indent = ' '.repeat(width + 4);
  const words = wrapped(reasonOf(stage), Math.max(20, columns - indent.length));
  const handling =
    stage.handling.length === 0
      ? []
      : wrapped(
          `worked on otherwise: ${stage.handling.map(differenceText).join(', ')}`,
          Math.max(20, columns - indent.length),
        ).map(colours.dim);
  return [...words, ...handling].map((line, index) => (index === 0 ? head : indent) + line);
}

function mark(kind: StageDifference['kind'], { green, yellow, red, dim }: Colours): string {
  return { same: dim('='), recomputed: yellow('~'), added: green('+'), removed: red('-') }[kind];
}

function reasonOf({ kind, differences, because, sameAs }: StageDifference): string {
  switch (kind) {
    case 'same':
      return sameAs === undefined ? 'same result' : `same result as ${printable(sameAs)} before`;
    case 'added':
      return 'new';
    case 'removed':
      return 'gone';
    case 'recomputed': {
      const own = differences.map(differenceText);
      const taken =
        because.length === 0 ? [] : [`what ${because.map(printable).join(', ')} gives it changes`];
      return [...own, ...taken].join(', ');
    }
  }
}

/** `ipc 1 -> 10`; the settings of a stage are known by their own names. */
function differenceText({ path, before, after }: Difference): string {
  const name = printable(path.replace(/^with\./, ''));
  if (before === undefined && after === undefined) return name;
  return `${name} ${valueText(before)} → ${valueText(after)}`;
}

export function valueText(value: unknown): string {
  if (value === undefined) return '-';
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

function summary(stages: readonly StageDifference[]): string {
  const count = (kind: StageDifference['kind']): number =>
    stages.filter((stage) => stage.kind === kind).length;
  const words = [
    [count('same'), 'the same'],
    [count('recomputed'), 'to be computed again'],
    [count('added'), 'new'],
    [count('removed'), 'gone'],
  ] as const;
  return `Stages: ${words
    .filter(([number]) => number > 0)
    .map(([number, word]) => `${number} ${word}`)
    .join(', ')}.`;
}
