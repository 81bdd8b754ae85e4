/**
 * @file The graph of a plan as one SVG file, which asks nobody for anything and follows the reader's light or dark.
 */
import { type Markup, markup } from '../../report/markup.js';
import { layout, type LayoutSize, type Point } from './layout.js';
import { stateClass, stateWord } from './states.js';
import type { StageBox, StageBoxes } from './stage-boxes.js';
import { boldFactor, fitted, textWidth } from './text-width.js';

const margin = 24;
const titleHeight = 44;
const boxHeight = 54;
const padding = 14;
const narrowestBox = 132;
const widestBox = 264;
const idSize = 14;
const detailSize = 12;

export interface GraphTitle {
  readonly name: string;
  /** For example the state of a run. */
  readonly note?: string;
}

export function graphSvg({ boxes, arrows }: StageBoxes, title: GraphTitle): string {
  const boxWidth = widthOf(boxes);
  const size: LayoutSize = { boxWidth, boxHeight, layerGap: 56, boxGap: 22, lineGap: 14 };
  const plan = layout(
    boxes.map(({ id }) => id),
    arrows,
    size,
  );
  const heading = Math.ceil(textWidth(`${title.name}  ${title.note ?? ''}`, 16));
  const width = Math.max(plan.width, heading) + 2 * margin;
  const height = plan.height + 2 * margin + titleHeight;
  const drawing = markup`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${`Stages of ${title.name}`}">
<title>${title.name}</title>
<style>${styles()}</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7.2" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="head" d="M0 0.6 L8 4 L0 7.4 Z"/></marker></defs>
<rect class="paper" width="${width}" height="${height}"/>
<text class="title" x="${margin}" y="${margin + 12}">${title.name}${title.note === undefined ? undefined : markup` <tspan class="note" dx="8">${title.note}</tspan>`}</text>
<g transform="translate(${margin} ${margin + titleHeight})">
${plan.arrows.map((way) => markup`<path class="arrow" d="${path(way)}" marker-end="url(#head)"/>\n`)}${boxes.map((box) => card(box, plan.boxes.get(box.id) ?? { x: 0, y: 0 }, boxWidth))}</g>
</svg>
`;
  return drawing.text;
}

/** All boxes are as wide as the widest text, within limits. */
function widthOf(boxes: readonly StageBox[]): number {
  const texts = boxes.map(
    (box) =>
      Math.max(
        textWidth(box.id, idSize * boldFactor) + wordWidth(box),
        textWidth(detailOf(box), detailSize),
      ) +
      2 * padding +
      8,
  );
  return Math.round(Math.min(widestBox, Math.max(narrowestBox, ...texts)));
}

function wordWidth(box: StageBox): number {
  return box.state === undefined ? 0 : textWidth(stateWord(box), detailSize * boldFactor) + 16;
}

function detailOf({ cells, detail }: StageBox): string {
  return cells === 1 ? detail : `${cells.toLocaleString('en')} × ${detail}`;
}

function card(box: StageBox, { x, y }: Point, width: number): Markup {
  const classes = ['stage', box.isImported ? 'imported' : '', stateClass(box.state)].filter(
    (name) => name !== '',
  );
  const room = width - 2 * padding - 4;
  const detail = detailOf(box);
  const whole = `${box.id}: ${detail}${box.state === undefined ? '' : ` (${stateWord(box)})`}`;
  // A stage with a matrix is a stack of cards.
  const behind = [8, 4].map(
    (step) =>
      markup`<rect class="card" x="${step}" y="${step}" width="${width}" height="${boxHeight}" rx="8"/>`,
  );
  return markup`<g class="${classes.join(' ')}" transform="translate(${x} ${y})"><title>${whole}</title>${box.cells > 1 ? behind : undefined}<rect class="card" width="${width}" height="${boxHeight}" rx="8"/><rect class="stripe" x="0.6" y="10" width="4" height="${boxHeight - 20}" rx="2"/><text class="id" x="${padding + 2}" y="23">${fitted(box.id, idSize * boldFactor, room - wordWidth(box))}</text>${box.state === undefined ? undefined : markup`<text class="word" x="${width - padding}" y="23" text-anchor="end">${stateWord(box)}</text>`}<text class="detail" x="${padding + 2}" y="41">${fitted(detail, detailSize, room)}</text></g>\n`;
}

/** Level where it leaves and arrives, and where it passes a layer. */
function path(way: readonly Point[]): string {
  const [start, ...rest] = way;
  if (start === undefined) return '';
  let text = `M${start.x} ${start.y}`;
  let at = start;
  for (const [index, point] of rest.entries()) {
    const passes = index % 2 === 1;
    const middle = (at.x + point.x) / 2;
    text +=
      passes || at.y === point.y
        ? ` L${point.x} ${point.y}`
        : ` C${middle} ${at.y} ${middle} ${point.y} ${point.x} ${point.y}`;
    at = point;
  }
  return text;
}

interface Palette {
  readonly paper: string;
  readonly card: string;
  readonly ink: string;
  readonly soft: string;
  readonly rule: string;
  readonly line: string;
  readonly done: string;
  readonly run: string;
  readonly fail: string;
  readonly halt: string;
}

const light: Palette = {
  paper: '#fcfcfa',
  card: '#ffffff',
  ink: '#1b1f24',
  soft: '#59636e',
  rule: '#d5d9dd',
  line: '#98a2ad',
  done: '#00875f',
  run: '#0072b2',
  fail: '#c0392b',
  halt: '#b86e00',
};

const dark: Palette = {
  paper: '#14171b',
  card: '#1b1f24',
  ink: '#e8eaed',
  soft: '#a3adb8',
  rule: '#343b43',
  line: '#77818c',
  done: '#2fc193',
  run: '#56b4e9',
  fail: '#ff7b6b',
  halt: '#f0a63a',
};

/** Colours in full for each, as not every program that shows SVG knows variables. */
function styles(): Markup {
  return markup`
text { font-family: system-ui, -apple-system, Segoe UI, Helvetica Neue, Arial, DejaVu Sans, sans-serif; }
.title { font-size: 16px; font-weight: 600; } .title .note { font-weight: 400; }
.id { font-size: ${idSize}px; font-weight: 600; } .detail { font-size: ${detailSize}px; }
.word { font-size: ${detailSize}px; font-weight: 600; } .card { stroke-width: 1.2; }
.arrow { fill: none; stroke-width: 1.4; } .imported .card, .skipped .card { stroke-dasharray: 4 3; }
${colours(light)}@media (prefers-color-scheme: dark) {
${colours(dark)}}
`;
}

function colours({ paper, card: fill, ink, soft, rule, line, ...states }: Palette): Markup {
  const ofStates = Object.entries(states).map(
    ([name, colour]: [string, string]) =>
      markup`.${name} .stripe, .${name} .word { fill: ${colour}; } .${name} .card { stroke: ${colour}; }\n`,
  );
  return markup`.paper { fill: ${paper}; } text { fill: ${ink}; } .note, .detail, .wait .word, .skipped .word { fill: ${soft}; }
.card { fill: ${fill}; stroke: ${rule}; } .stripe, .head { fill: ${line}; } .arrow { stroke: ${line}; }
${ofStates}`;
}
