/**
 * @file A family of curves over one axis, each named at its end: one for each value of a second setting.
 */
import { markup, type Markup } from '../markup.js';
import { figure, horizontalAxis, round, verticalAxis, type Frame, type TickFormat } from './frame.js';
import type { Point } from './line.js';
import { linearScale, logScale, niceDomain, type Scale } from './scale.js';

export interface Curve {
  /** Written at the end of the curve. */
  readonly name: string;
  readonly points: readonly Point[];
  /** Another measure at the same places; drawn dashed, with hollow dots. */
  readonly beside?: readonly Point[];
}

export interface FamilyChart {
  readonly name: string;
  readonly describe: string;
  readonly x: { readonly label: string; readonly format: TickFormat };
  readonly y: { readonly label: string; readonly format: TickFormat; readonly kind: 'linear' | 'log' };
  /** In the order of the second setting: later ones are drawn stronger. */
  readonly curves: readonly Curve[];
}

const frame: Frame = { width: 480, height: 280, left: 52, right: 400, top: 30, bottom: 232 };
const faintest = 0.4;
/** Names are at least so far apart. */
const lineHeight = 14;

export function familyChart(chart: FamilyChart): Markup {
  const curves = chart.curves.map((curve) => ({ ...curve, points: inOrder(curve.points) }));
  const all = curves.flatMap(({ points, beside = [] }) => [...points, ...beside]);
  const x = horizontalScale(all.map((point) => point.x));
  const y = verticalScale(chart, all);
  const names = spread(
    curves.flatMap(({ name, points }) => {
      const end = points.at(-1);
      return end ? [{ name, x: x.at(end.x), at: y.at(end.y) }] : [];
    }),
  );
  return figure(frame, chart.name, chart.describe, [
    verticalAxis(frame, { scale: y, label: chart.y.label, format: chart.y.format }),
    horizontalAxis(frame, { scale: x, label: chart.x.label, format: chart.x.format }),
    ...curves.map((curve, index) => drawCurve(curve, strength(index, curves.length), x, y)),
    ...names.map(
      (name) =>
        markup`<text class="curvename" x="${round(name.x + 10)}" y="${round(name.at + 4)}">${name.name}</text>`,
    ),
  ]);
}

function inOrder(points: readonly Point[]): Point[] {
  return points.toSorted((a, b) => a.x - b.x);
}

/** Few whole numbers, such as epochs, are all marked; anything else has evenly spaced ticks. */
function horizontalScale(values: readonly number[]): Scale {
  const distinct = [...new Set(values)].sort((a, b) => a - b);
  const [low = 0, high = 1] = [distinct[0], distinct.at(-1)];
  const scale = linearScale([low, high], [frame.left + 14, frame.right - 6], 6);
  const few = distinct.length <= 7 && distinct.every(Number.isInteger);
  return few ? { at: (value) => scale.at(value), ticks: distinct } : scale;
}

function verticalScale({ y }: FamilyChart, points: readonly Point[]): Scale {
  const range = [frame.bottom, frame.top] as const;
  const values = points.flatMap(({ y: value, std = 0 }) =>
    y.kind === 'log' ? [value] : [value - std, value + std],
  );
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return y.kind === 'log'
    ? logScale([low * 0.95, high * 1.05], range)
    : linearScale(niceDomain([low, high]), range);
}

function strength(index: number, count: number): number {
  return count === 1 ? 1 : round(faintest + ((1 - faintest) * index) / (count - 1));
}

function drawCurve({ name, points, beside = [] }: Curve, opacity: number, x: Scale, y: Scale): Markup {
  const path = (along: readonly Point[]): string =>
    along
      .map((point, index) => `${index === 0 ? 'M' : 'L'}${round(x.at(point.x))} ${round(y.at(point.y))}`)
      .join('');
  return markup`<g class="curve" opacity="${opacity}"><title>${name}</title>${
    beside.length > 0
      ? markup`<path class="line beside" d="${path(inOrder(beside))}"/>${beside.map((point) => dot(point, 'dot beside', x, y))}`
      : undefined
  }<path class="line" d="${path(points)}"/>${points.map((point) => markup`${errorBar(point, x, y)}${dot(point, 'dot', x, y)}`)}</g>`;
}

function dot({ x: across, y: up, title }: Point, style: string, x: Scale, y: Scale): Markup {
  const [cx, cy] = [round(x.at(across)), round(y.at(up))];
  return markup`<circle class="${style}" cx="${cx}" cy="${cy}" r="3.5"/>${
    title === undefined
      ? undefined
      : markup`<circle class="touch" cx="${cx}" cy="${cy}" r="9"><title>${title}</title></circle>`
  }`;
}

function errorBar({ x: across, y: up, std }: Point, x: Scale, y: Scale): Markup | undefined {
  if (std === undefined || std === 0 || up - std <= 0) return undefined;
  const [cx, high, low] = [round(x.at(across)), round(y.at(up + std)), round(y.at(up - std))];
  return markup`<path class="error" d="M${cx} ${high}V${low}M${cx - 4} ${high}h8M${cx - 4} ${low}h8"/>`;
}

interface Name {
  readonly name: string;
  readonly x: number;
  at: number;
}

/** Names moved apart where curves end close together. */
function spread(names: readonly Name[]): Name[] {
  const ends = [...new Set(names.map(({ x }) => x))];
  return ends.flatMap((end) => {
    const placed = names.filter(({ x }) => x === end).toSorted((a, b) => a.at - b.at);
    placed.forEach((name, index) => {
      const above = placed[index - 1];
      if (above) name.at = Math.max(name.at, above.at + lineHeight);
    });
    // What was pushed out of the frame moves back up with those above it.
    let room = frame.bottom;
    for (const name of placed.toReversed()) {
      name.at = Math.min(name.at, room);
      room = name.at - lineHeight;
    }
    return placed;
  });
}
