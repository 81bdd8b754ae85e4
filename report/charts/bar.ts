/**
 * @file Horizontal bars with error bars: accuracies of one architecture beside each other.
 */
import { markup, type Markup } from '../markup.js';
import { figure, horizontalAxis, round, type Frame, type TickFormat } from './frame.js';
import { linearScale, niceDomain, type Scale } from './scale.js';

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Standard deviation; 0 draws no error bar. */
  readonly std: number;
  /** The value as written at the end of the bar. */
  readonly text: string;
  readonly role: 'distilled' | 'selected' | 'random' | 'full' | 'neutral';
}

export interface BarGroup {
  /** Left out when there is one group only. */
  readonly label: string;
  readonly bars: readonly Bar[];
}

export interface BarChart {
  readonly name: string;
  readonly describe: string;
  readonly label: string;
  readonly format: TickFormat;
  readonly groups: readonly BarGroup[];
}

const width = 480;
const left = 118;
const right = 462;
const barHeight = 22;
const barGap = 8;
const groupGap = 14;
const groupLabel = 22;

/** Bars start at zero, so that their lengths compare. */
export function barChart(chart: BarChart): Markup {
  const several = chart.groups.length > 1;
  const highest = Math.max(0, ...chart.groups.flatMap(({ bars }) => bars.map((bar) => bar.value + bar.std)));
  // Room for the text at the end of the longest bar.
  const x = linearScale(niceDomain([0, highest || 1]), [left, right - 84]);
  const drawn: Markup[] = [];
  let top = 4;
  for (const group of chart.groups) {
    if (several) {
      drawn.push(markup`<text class="group" x="0" y="${top + 14}">${group.label}</text>`);
      top += groupLabel;
    }
    for (const bar of group.bars) {
      drawn.push(drawBar(bar, x, top));
      top += barHeight + barGap;
    }
    top += groupGap;
  }
  const bottom = top - groupGap + 2;
  const frame: Frame = { width, height: bottom + 40, left, right: right - 84, top: 0, bottom };
  return figure(frame, chart.name, chart.describe, [
    ...x.ticks.map((tick) => gridLine(round(x.at(tick)), bottom)),
    ...drawn,
    horizontalAxis(frame, { scale: x, label: chart.label, format: chart.format }),
  ]);
}

function drawBar(bar: Bar, x: Scale, top: number): Markup {
  const [from, to] = [round(x.at(0)), round(x.at(Math.max(0, bar.value)))];
  const middle = top + barHeight / 2;
  const end = round(x.at(bar.value + bar.std));
  return markup`<g class="${bar.role}"><title>${bar.label}: ${bar.text}</title><text class="barlabel" x="${left - 10}" y="${middle + 4}" text-anchor="end">${bar.label}</text><rect class="bar" x="${from}" y="${top}" width="${round(to - from)}" height="${barHeight}" rx="2"/>${errorBar(bar, x, middle)}<text class="value" x="${end + 8}" y="${middle + 4}">${bar.text}</text></g>`;
}

function errorBar({ value, std }: Bar, x: Scale, y: number): Markup | undefined {
  if (std === 0) return undefined;
  const [low, high] = [round(x.at(Math.max(0, value - std))), round(x.at(value + std))];
  return markup`<path class="error" d="M${low} ${y}H${high}M${low} ${y - 4}v8M${high} ${y - 4}v8"/>`;
}

function gridLine(x: number, bottom: number): Markup {
  return markup`<line class="gridline" x1="${x}" x2="${x}" y1="0" y2="${bottom}"/>`;
}
