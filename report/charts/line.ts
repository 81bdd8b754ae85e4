/**
 * @file Line charts: curves over iterations or epochs, with error bars and a marked choice.
 */
import { markup, type Markup } from '../markup.js';
import { figure, horizontalAxis, round, verticalAxis, type Frame, type TickFormat } from './frame.js';
import { linearScale, logScale, niceDomain, type Scale } from './scale.js';

export interface Point {
  readonly x: number;
  readonly y: number;
  /** Standard deviation; drawn as a bar of one to either side. */
  readonly std?: number;
  /** Shown when the pointer rests on the point. */
  readonly title?: string;
}

export interface Series {
  /** `raw` is a faint line, `main` a strong one, `marked` has its points drawn as well. */
  readonly style: 'raw' | 'main' | 'marked';
  /** Colour: a role that the style sheet knows. */
  readonly role: 'distilled' | 'selected' | 'random' | 'full' | 'neutral';
  readonly points: readonly Point[];
}

export interface LineChart {
  readonly name: string;
  readonly describe: string;
  readonly x: { readonly label: string; readonly format: TickFormat };
  readonly y: {
    readonly label: string;
    readonly format: TickFormat;
    readonly kind: 'linear' | 'log';
    /** Values that must be in sight. */
    readonly include?: readonly number[];
  };
  readonly series: readonly Series[];
  /** A vertical line with a word, for the value that was chosen. */
  readonly mark?: { readonly x: number; readonly label: string };
}

const frame: Frame = { width: 480, height: 270, left: 52, right: 466, top: 30, bottom: 222 };

/** Points that are not finite, or not positive on a logarithmic axis, are left out. */
export function lineChart(chart: LineChart): Markup {
  const usable = (point: Point): boolean =>
    Number.isFinite(point.y) && (chart.y.kind === 'linear' || point.y > 0);
  const series = chart.series.map((entry) => ({ ...entry, points: entry.points.filter(usable) }));
  const points = series.flatMap((entry) => entry.points);
  const x = linearScale(extent(points.map((point) => point.x)), [frame.left + 6, frame.right - 6], 6);
  const y = verticalScale(chart, points);
  return figure(frame, chart.name, chart.describe, [
    verticalAxis(frame, { scale: y, label: chart.y.label, format: chart.y.format }),
    horizontalAxis(frame, { scale: wholeTicks(x), label: chart.x.label, format: chart.x.format }),
    ...(chart.mark ? [drawMark(chart.mark, x)] : []),
    ...series.map((entry) => drawSeries(entry, x, y)),
  ]);
}

function verticalScale(chart: LineChart, points: readonly Point[]): Scale {
  const values = points.flatMap(({ y, std = 0 }) => (chart.y.kind === 'log' ? [y] : [y - std, y + std]));
  const range = [frame.bottom, frame.top] as const;
  const [low, high] = extent([...values, ...(chart.y.include ?? [])]);
  if (chart.y.kind === 'log') return logScale([low * 0.95, high * 1.05], range);
  return linearScale(niceDomain([low, high]), range);
}

function drawSeries(series: Series, x: Scale, y: Scale): Markup {
  const path = series.points
    .map((point, index) => `${index === 0 ? 'M' : 'L'}${round(x.at(point.x))} ${round(y.at(point.y))}`)
    .join('');
  const line = markup`<path class="line ${series.style} ${series.role}" d="${path}"/>`;
  if (series.style !== 'marked') return line;
  const dots = series.points.map((point) => {
    const [cx, cy] = [round(x.at(point.x)), round(y.at(point.y))];
    return markup`<g class="${series.role}">${errorBar(point, x, y)}<circle class="dot" cx="${cx}" cy="${cy}" r="3.5"/>${tip(point, cx, cy)}</g>`;
  });
  return markup`${line}${dots}`;
}

function errorBar({ x: at, y: value, std }: Point, x: Scale, y: Scale): Markup | undefined {
  if (std === undefined || std === 0) return undefined;
  const [cx, high, low] = [round(x.at(at)), round(y.at(value + std)), round(y.at(value - std))];
  return markup`<path class="error" d="M${cx} ${high}V${low}M${cx - 4} ${high}h8M${cx - 4} ${low}h8"/>`;
}

/** A larger circle that cannot be seen but is easy to point at. */
function tip(point: Point, cx: number, cy: number): Markup | undefined {
  if (point.title === undefined) return undefined;
  return markup`<circle class="touch" cx="${cx}" cy="${cy}" r="10"><title>${point.title}</title></circle>`;
}

function drawMark(mark: { readonly x: number; readonly label: string }, x: Scale): Markup {
  const at = round(x.at(mark.x));
  const onTheRight = at > (frame.left + frame.right) / 2;
  return markup`<line class="mark" x1="${at}" x2="${at}" y1="${frame.top - 8}" y2="${frame.bottom}"/><text class="marklabel" x="${onTheRight ? at - 6 : at + 6}" y="${frame.top - 1}" text-anchor="${onTheRight ? 'end' : 'start'}">${mark.label}</text>`;
}

/** Iterations and epochs are whole: no tick between them. */
function wholeTicks(scale: Scale): Scale {
  return { at: (value) => scale.at(value), ticks: scale.ticks.filter((tick) => Number.isInteger(tick)) };
}

function extent(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0, 1];
  // Not Math.min(...values): a long run has more iterations than a call may have arguments.
  return values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
}
