/**
 * @file What all charts share: the drawing area, axes with ticks, an accessible name.
 */
import { markup, type Markup } from '../markup.js';
import type { Scale } from './scale.js';

/** Sizes in the units of the viewBox; the page scales the whole. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** How a tick is written; `step` is the distance of ticks, for the number of digits. */
export type TickFormat = (value: number, step: number) => string;

export interface Axis {
  readonly scale: Scale;
  readonly label: string;
  readonly format: TickFormat;
}

/** An SVG with a name for screen readers. `describe` says in words what the drawing shows. */
export function figure(frame: Frame, name: string, describe: string, content: readonly Markup[]): Markup {
  return markup`<svg class="chart" viewBox="0 0 ${frame.width} ${frame.height}" role="img" aria-label="${name}. ${describe}">${content}</svg>`;
}

/** Grid lines and numbers of the vertical axis, its label above them. */
export function verticalAxis(frame: Frame, axis: Axis): Markup {
  const lines = axis.scale.ticks.map((tick) => {
    const y = round(axis.scale.at(tick));
    return markup`<line class="gridline" x1="${frame.left}" x2="${frame.right}" y1="${y}" y2="${y}"/><text class="tick" x="${frame.left - 8}" y="${y + 4}" text-anchor="end">${written(axis, tick)}</text>`;
  });
  return markup`${lines}<text class="axis" x="0" y="12">${axis.label}</text>`;
}

/** Base line, ticks and numbers of the horizontal axis, its label at the lower right. */
export function horizontalAxis(frame: Frame, axis: Axis): Markup {
  const ticks = axis.scale.ticks.map((tick) => {
    const x = round(axis.scale.at(tick));
    return markup`<line class="baseline" x1="${x}" x2="${x}" y1="${frame.bottom}" y2="${frame.bottom + 4}"/><text class="tick" x="${x}" y="${frame.bottom + 18}" text-anchor="middle">${written(axis, tick)}</text>`;
  });
  return markup`<line class="baseline" x1="${frame.left}" x2="${frame.right}" y1="${frame.bottom}" y2="${frame.bottom}"/>${ticks}<text class="axis" x="${frame.right}" y="${frame.height - 4}" text-anchor="end">${axis.label}</text>`;
}

function written({ scale: { ticks }, format }: Axis, tick: number): string {
  const [first = 0, second = first] = ticks;
  return format(tick, second - first);
}

/** Two decimals are a hundredth of a pixel: enough, and short. */
export function round(value: number): number {
  return Number(value.toFixed(2));
}
