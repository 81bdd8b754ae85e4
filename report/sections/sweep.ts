/**
 * @file The cells of a matrix compared: a table, accuracy along each axis of numbers, and a look at the images.
 */
import { cellKey, cellWords, type CellValues } from '../../definition/matrix.js';
import { captioned } from '../charts/captioned.js';
import { familyChart, type Curve } from '../charts/family.js';
import type { Point } from '../charts/line.js';
import type { Findings } from '../findings.js';
import { markup, type Markup } from '../markup.js';
import {
  counted,
  duration,
  integer,
  percent,
  percentTick,
  percentWithStd,
  points,
  significant,
} from '../numbers.js';
import { dataUri } from '../png.js';
import { accuracyOf, numericAxes, type Sweep, type SweptCell } from '../sweep.js';

/** More curves than this cannot be told apart. */
const mostCurves = 8;

export function sweepSection({ sweeps = [], distilled }: Findings): Markup | undefined {
  if (sweeps.length === 0) return undefined;
  return markup`${sweeps.map((sweep) => section(sweep, distilled?.id))}`;
}

function section(sweep: Sweep, followed: string | undefined): Markup {
  const { axes, cells, stage } = sweep;
  const done = cells.filter((cell) => accuracyOf(cell) !== undefined);
  const missing = cells.length - done.length;
  const lacking =
    missing === 0
      ? ''
      : ` ${counted(missing, 'cell')} of ${integer(cells.length)} ${missing === 1 ? 'has' : 'have'} no result.`;
  const what =
    sweep.uses === 'evaluate'
      ? 'Each row is fresh networks trained on the images of one cell alone, and tested on the test set.'
      : 'Each row is one distillation; the accuracy is that of its chosen iteration on the held-out images.';
  const rest =
    followed === undefined ? '' : ` The other figures and pictures of this page are of ${followed}.`;
  return markup`<section id="sweep-${stage}" class="sweep"><h2>Compared over ${axes.join(', ')}</h2>
<p class="lead">${what}${lacking}${rest}</p>
<div class="columns">${charts(sweep)}</div>
${table(sweep)}</section>`;
}

function charts(sweep: Sweep): (Markup | undefined)[] {
  return numericAxes(sweep).map((axis) => {
    const curves = curvesOver(axis, sweep);
    if (curves === undefined) return undefined;
    const random = curves.some(({ beside }) => beside !== undefined);
    const said = curves.flatMap(({ points: of }) => of.map(({ title }) => title)).join('; ');
    const chart = familyChart({
      name: `Accuracy by ${axis}`,
      describe: said,
      x: { label: axis, format: (value) => significant(value) },
      y: { label: accuracyLabel(sweep), format: percentTick, kind: 'linear' },
      curves,
    });
    const dashed = random ? ' Dashed: as many random real images.' : '';
    return captioned(
      chart,
      `Mean over the networks of a cell; the error bar is one standard deviation to either side.${dashed}`,
    );
  });
}

function accuracyLabel({ uses }: Sweep): string {
  return uses === 'evaluate' ? 'test accuracy' : 'held-out accuracy';
}

/** One for each combination of the other axes; undefined where they are too many, or one point each. */
function curvesOver(axis: string, { axes, cells }: Sweep): Curve[] | undefined {
  const others = axes.filter((other) => other !== axis);
  const groups = new Map<string, SweptCell[]>();
  for (const cell of cells) {
    if (accuracyOf(cell) === undefined) continue;
    const key = cellKey(cell.values, others);
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  const lines = [...groups.values()];
  if (lines.length === 0 || lines.length > mostCurves || lines.every(({ length }) => length < 2))
    return undefined;
  return lines.map((line, index) => {
    const random = line.flatMap((cell) => pointOf(axis, cell, cell.random && randomOf(cell)));
    const [first] = line;
    return {
      name: others.length === 0 ? 'distilled' : cellWords(only(first?.values ?? {}, others)),
      points: line.flatMap((cell) => pointOf(axis, cell, accuracyOf(cell))),
      // Random images depend on their number alone; those of one curve stand for all.
      ...(index === 0 && random.length > 1 && { beside: random }),
    };
  });
}

function randomOf({ random }: SweptCell): { mean: number; std: number; runs: number } | undefined {
  return random && { mean: random.mean, std: random.std, runs: random.accuracies.length };
}

function only(values: CellValues, axes: readonly string[]): CellValues {
  return Object.fromEntries(axes.map((axis) => [axis, values[axis] ?? '']));
}

function pointOf(axis: string, { values }: SweptCell, accuracy: ReturnType<typeof accuracyOf>): Point[] {
  const x = values[axis];
  if (typeof x !== 'number' || accuracy === undefined) return [];
  const { mean, std, runs } = accuracy;
  return [{ x, y: mean, std, title: `${cellWords(values)}: ${percentWithStd(mean, std, runs)}` }];
}

function table(sweep: Sweep): Markup {
  const { axes, cells } = sweep;
  const best = Math.max(...cells.map((cell) => accuracyOf(cell)?.mean ?? -1));
  const [random, pictures] = [cells.some((cell) => cell.random), cells.some((cell) => cell.pictures)];
  // An axis may be the number of images itself.
  const ipc = !axes.includes('ipc') && cells.some((cell) => cell.ipc !== undefined);
  const numeric = new Set(numericAxes(sweep));
  const head = [
    ...axes.map((axis) => heading(axis, numeric.has(axis))),
    ...(ipc ? [heading('Per class', true)] : []),
    heading(accuracyLabel(sweep) === 'test accuracy' ? 'Test accuracy' : 'Held-out accuracy', true),
    ...(random ? [heading('Random real', true), heading('Points more', true)] : []),
    heading('Took', true),
    ...(pictures ? [heading('Images', false)] : []),
  ];
  const rows = cells.map((cell) => row(cell, { axes, ipc, random, pictures, numeric, best }));
  return markup`<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function heading(text: string, number: boolean): Markup {
  return markup`<th${number ? markup` class="number"` : ''}>${text}</th>`;
}

interface Columns {
  readonly axes: readonly string[];
  readonly ipc: boolean;
  readonly random: boolean;
  readonly pictures: boolean;
  readonly numeric: ReadonlySet<string>;
  readonly best: number;
}

function row(cell: SweptCell, { axes, ipc, random, pictures, numeric, best }: Columns): Markup {
  const accuracy = accuracyOf(cell);
  const beside = randomOf(cell);
  const single = cell.row?.accuracies.map((value) => percent(value)).join(', ') ?? '';
  const number = (text: string): Markup => markup`<td class="number">${text}</td>`;
  const shown =
    accuracy === undefined ? 'no result' : percentWithStd(accuracy.mean, accuracy.std, accuracy.runs);
  const difference = accuracy && beside ? accuracy.mean - beside.mean : undefined;
  return markup`<tr${accuracy?.mean === best ? markup` class="strong"` : ''}>${axes.map((axis) => {
    const value = cell.values[axis];
    return numeric.has(axis) ? number(String(value)) : markup`<td>${String(value)}</td>`;
  })}${ipc ? number(cell.ipc === undefined ? '' : integer(cell.ipc)) : ''}<td class="number" title="${single}">${shown}</td>${
    random
      ? [
          number(beside ? percentWithStd(beside.mean, beside.std, beside.runs) : ''),
          number(difference === undefined ? '' : `${difference < 0 ? '−' : ''}${points(difference)}`),
        ]
      : ''
  }${number(cell.seconds === undefined ? '' : duration(cell.seconds))}${pictures ? markup`<td><div class="strip thumbs">${strip(cell)}</div></td>` : ''}</tr>`;
}

function strip({ id, pictures = [] }: SweptCell): Markup[] {
  return pictures.map(
    ({ png }, label) => markup`<img src="${dataUri(png)}" alt="${`${id}, class ${label}`}">`,
  );
}
